/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticket.h - a ticket lock: first come, first served, by spinning.
 *
 * Source: Mellor-Crummey, Scott, "Algorithms for Scalable Synchronization on
 * Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991, section 2.2. Every
 * waiter reads the one word that each unlock writes. The strict order cannot
 * skip a thread that is not running, so waits yield, see spin.h. With a
 * thousand waiters a full round of yields could precede each turn. So a waiter
 * far from its turn sleeps for a time proportional to the distance (the
 * proportional backoff of section 2.2).
 */
#ifndef RM_SUPPORT_TICKET_H
#define RM_SUPPORT_TICKET_H

#include "impls/support/spin.h"

#include <time.h>

enum {
	TICKET_NEAR = 8, /* a waiter sleeps only if more turns than this precede
	                    its own */
	TICKET_TURN_NS = 50000, /* sleep for each turn that precedes it */
};

/* A lock of zero bytes is unlocked. At most 2^32 - 1 threads may wait. */
struct ticket_lock {
	_Atomic uint32_t next;    /* next ticket to hand out */
	_Atomic uint32_t serving; /* the ticket that may enter */
};

static inline void ticket_sleep(uint32_t turns)
{
	const uint64_t ns = turns * (uint64_t)TICKET_TURN_NS;
	const struct timespec span = { .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };

	nanosleep(&span, NULL);
}

static __attribute__((noinline, unused)) void ticket_await(
        struct ticket_lock *lock, uint32_t ticket)
{
	unsigned looks = 0;

	for (;;) {
		/* acquire: pairs with the release in ticket_unlock() */
		uint32_t turns = ticket - atomic_load_explicit(&lock->serving,
		                                  memory_order_acquire);

		if (turns == 0)
			return;
		if (looks < SPIN_PAUSES || turns <= TICKET_NEAR)
			spin_wait(&looks);
		else
			ticket_sleep(turns);
	}
}

RM_HOT void ticket_lock(struct ticket_lock *lock)
{
	/* relaxed: only the number matters; the load below acquires */
	uint32_t ticket =
	        atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

	/* acquire: pairs with the release in ticket_unlock() */
	if (__builtin_expect(atomic_load_explicit(&lock->serving,
	                             memory_order_acquire) != ticket,
	            0))
		ticket_await(lock, ticket);
}

RM_HOT void ticket_unlock(struct ticket_lock *lock)
{
	/* relaxed: only the holder writes it */
	uint32_t ticket =
	        atomic_load_explicit(&lock->serving, memory_order_relaxed);

	/* release: the next holder sees the work of this holder */
	atomic_store_explicit(&lock->serving, ticket + 1, memory_order_release);
}

#endif /* RM_SUPPORT_TICKET_H */
