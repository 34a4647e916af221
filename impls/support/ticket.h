/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticket.h - a ticket lock: first come, first served, by spinning.
 *
 * Source: Mellor-Crummey, Scott, "Algorithms for Scalable Synchronization on
 * Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991, section 2.2. Every
 * waiter reads the one word that each unlock writes. Being in order it cannot
 * pass over a thread that is not running: waits yield, see spin.h, and with
 * more threads than CPUs each turn costs up to one round of the scheduler.
 */
#ifndef RM_SUPPORT_TICKET_H
#define RM_SUPPORT_TICKET_H

#include "impls/support/spin.h"

/* All zero is unlocked. At most 2^32 - 1 threads wait. */
struct ticket_lock {
	_Atomic uint32_t next;    /* the ticket that the next one draws */
	_Atomic uint32_t serving; /* the ticket that may enter */
};

static __attribute__((noinline, unused)) void ticket_await(
        struct ticket_lock *lock, uint32_t ticket)
{
	unsigned looks = 0;

	/* acquire: pairs with the release in ticket_unlock() */
	while (atomic_load_explicit(&lock->serving, memory_order_acquire) !=
	        ticket)
		spin_wait(&looks);
}

RM_HOT void ticket_lock(struct ticket_lock *lock)
{
	/* relaxed: only the order of tickets counts; the load below orders */
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
	/* relaxed: only who holds the lock writes it */
	uint32_t ticket =
	        atomic_load_explicit(&lock->serving, memory_order_relaxed);

	/* release: the next holder sees this one's work */
	atomic_store_explicit(&lock->serving, ticket + 1, memory_order_release);
}

#endif /* RM_SUPPORT_TICKET_H */
