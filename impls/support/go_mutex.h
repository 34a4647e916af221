/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_mutex.h - Go's Mutex, normal and starvation mode.
 *
 * Written from a description of the algorithm, no code. One word of state:
 * locked, woken (somebody is awake and trying: unlock wakes nobody else),
 * starving, and the number of waiters.
 *
 * Normal mode: waiters sleep in order of arrival, but who was woken competes
 * with newcomers, who are running already and mostly win; it then waits first
 * in line. Once it has waited for more than 1 ms it makes the mutex starving:
 * unlock hands the lock to the first in line, newcomers neither take nor spin
 * for it, and line up at the end. The mode ends with an owner that is the last
 * in line or waited for less than 1 ms.
 *
 * Differences: a thread waits where Go parks a goroutine. Go's semaphore keeps
 * its lines in a table of the whole process; here a mutex has its own line, so
 * that it is 32 bytes, not 8. A newcomer spins on more than one CPU, as in Go,
 * but C cannot ask whether other goroutines wait for this very CPU.
 */
#ifndef RM_SUPPORT_GO_MUTEX_H
#define RM_SUPPORT_GO_MUTEX_H

#include "impls/support/go_futex.h"
#include "impls/support/spin.h"
#include "runner/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	GO_MUTEX_LOCKED = 1,
	GO_MUTEX_WOKEN = 2,
	GO_MUTEX_STARVING = 4,
	GO_MUTEX_WAITER = 8, /* one waiter */
	GO_MUTEX_SPINS = 4,  /* times that a newcomer spins */
	GO_MUTEX_PAUSES = 30,
	GO_MUTEX_STARVED_NS = 1000000,
};

/* One thread in line; on its stack. */
struct go_waiter {
	struct go_waiter *next;
	_Atomic uint32_t granted; /* 1: may go on */
};

/* Made by go_mutex_init(). */
struct go_mutex {
	_Atomic uint32_t state;
	uint32_t spins;        /* GO_MUTEX_SPINS, or 0 on one CPU; constant */
	_Atomic uint32_t line; /* protects what follows; go_futex.h */
	uint32_t grants;       /* not yet asked for */
	struct go_waiter *first, *last;
};

/* What a thread that wants the lock knows of itself. */
struct go_contender {
	uint64_t since_ns; /* of its first wait; 0: none yet */
	bool starving, awoken;
	unsigned spins;
};

static inline void go_mutex_init(struct go_mutex *mutex)
{
	cpu_set_t cpus;

	*mutex = (struct go_mutex){ .spins = GO_MUTEX_SPINS };
	if (!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) == 1)
		mutex->spins = 0;
}

static __attribute__((unused)) RM_COLD _Noreturn void go_mutex_fatal(
        const char *what)
{
	fprintf(stderr, "fatal: %s\n", what);
	abort();
}

/* Waits in line, `ahead` of all others or at the end, until granted. */
GO_CALL void go_mutex_queue(struct go_mutex *mutex, bool ahead)
{
	struct go_waiter self = { .next = NULL };

	go_w_lock(&mutex->line);
	if (mutex->grants > 0) {
		mutex->grants--;
		go_w_unlock(&mutex->line);
		return;
	}
	if (!mutex->first) {
		mutex->first = mutex->last = &self;
	} else if (ahead) {
		self.next = mutex->first;
		mutex->first = &self;
	} else {
		mutex->last->next = &self;
		mutex->last = &self;
	}
	go_w_unlock(&mutex->line);
	/* acquire: pairs with the release in go_mutex_grant() */
	while (!atomic_load_explicit(&self.granted, memory_order_acquire))
		go_futex_wait(&self.granted, 0);
}

/* Lets the first in line go on, or the next that comes to wait. */
GO_CALL void go_mutex_grant(struct go_mutex *mutex)
{
	go_w_lock(&mutex->line);
	struct go_waiter *first = mutex->first;

	if (first)
		mutex->first = first->next;
	else
		mutex->grants++;
	go_w_unlock(&mutex->line);
	if (!first)
		return;
	/* release: the waiter sees what the holder did. It may be gone when
	   it is woken: see go_futex.h. */
	atomic_store_explicit(&first->granted, 1, memory_order_release);
	go_futex_wake(&first->granted, 1);
}

/* The state that a contender tries to put in the place of `old`: locked by
   it, or with it among the waiters. */
static inline uint32_t go_mutex_wish(
        uint32_t old, const struct go_contender *self)
{
	uint32_t wish = old;

	if (!(old & GO_MUTEX_STARVING))
		wish |= GO_MUTEX_LOCKED;
	if (old & (GO_MUTEX_LOCKED | GO_MUTEX_STARVING))
		wish += GO_MUTEX_WAITER;
	if (self->starving && (old & GO_MUTEX_LOCKED))
		wish |= GO_MUTEX_STARVING;
	if (self->awoken)
		wish &= ~(uint32_t)GO_MUTEX_WOKEN;
	return wish;
}

/* Added to the state by the waiter to whom a starving mutex was handed: one
   waiter fewer, locked, and the end of the mode if it is time. */
static inline uint32_t go_mutex_take_over(
        uint32_t old, const struct go_contender *self)
{
	uint32_t change = (uint32_t)GO_MUTEX_LOCKED - GO_MUTEX_WAITER;

	if (!self->starving || old / GO_MUTEX_WAITER == 1)
		change -= GO_MUTEX_STARVING;
	return change;
}

/* Spins for a moment if that makes sense; false: it does not. Tells unlock
   that it need not wake anybody. */
static inline bool go_mutex_spin(
        struct go_mutex *mutex, struct go_contender *self, uint32_t old)
{
	if ((old & (GO_MUTEX_LOCKED | GO_MUTEX_STARVING)) != GO_MUTEX_LOCKED ||
	        self->spins >= mutex->spins)
		return false;
	/* relaxed, both: a hint to unlock, no data */
	if (!self->awoken && !(old & GO_MUTEX_WOKEN) &&
	        old / GO_MUTEX_WAITER != 0 &&
	        atomic_compare_exchange_strong_explicit(&mutex->state, &old,
	                old | GO_MUTEX_WOKEN, memory_order_relaxed,
	                memory_order_relaxed))
		self->awoken = true;
	for (unsigned i = 0; i < GO_MUTEX_PAUSES; i++)
		SPIN_PAUSE();
	self->spins++;
	return true;
}

/* Sleeps; true: the lock was handed over, false: compete for it. */
static inline bool go_mutex_sleep(
        struct go_mutex *mutex, struct go_contender *self)
{
	const bool before = self->since_ns != 0;

	if (!before)
		self->since_ns = rm_now_ns();
	go_mutex_queue(mutex, before);
	self->starving |= rm_now_ns() - self->since_ns > GO_MUTEX_STARVED_NS;

	/* relaxed: the grant has ordered, or the next exchange will */
	uint32_t old =
	        atomic_load_explicit(&mutex->state, memory_order_relaxed);

	if (!(old & GO_MUTEX_STARVING)) {
		self->awoken = true;
		self->spins = 0;
		return false;
	}
	if ((old & (GO_MUTEX_LOCKED | GO_MUTEX_WOKEN)) || old < GO_MUTEX_WAITER)
		go_mutex_fatal("inconsistent state of a starving Mutex");
	/* acquire: pairs with the release in go_mutex_unlock() */
	atomic_fetch_add_explicit(&mutex->state, go_mutex_take_over(old, self),
	        memory_order_acquire);
	return true;
}

GO_CALL void go_mutex_lock_slow(struct go_mutex *mutex)
{
	struct go_contender self = { .since_ns = 0 };

	RM_LOCK_WAITS();
	for (;;) {
		/* relaxed: the exchange below orders */
		uint32_t old = atomic_load_explicit(
		        &mutex->state, memory_order_relaxed);

		if (go_mutex_spin(mutex, &self, old))
			continue;
		/* acquire: pairs with the release in go_mutex_unlock();
		   relaxed when it failed: nothing was taken */
		if (!atomic_compare_exchange_strong_explicit(&mutex->state,
		            &old, go_mutex_wish(old, &self),
		            memory_order_acquire, memory_order_relaxed))
			continue;
		if (!(old & (GO_MUTEX_LOCKED | GO_MUTEX_STARVING)) ||
		        go_mutex_sleep(mutex, &self))
			return;
	}
}

RM_HOT void go_mutex_lock(struct go_mutex *mutex)
{
	uint32_t free = 0;

	/* acquire: pairs with the release in go_mutex_unlock(); relaxed when
	   it failed: the slow path orders */
	if (__builtin_expect(
	            !atomic_compare_exchange_strong_explicit(&mutex->state,
	                    &free, GO_MUTEX_LOCKED, memory_order_acquire,
	                    memory_order_relaxed),
	            0))
		go_mutex_lock_slow(mutex);
}

/* `state` is what is left after unlocking: somebody may have to be woken. */
GO_CALL void go_mutex_unlock_slow(struct go_mutex *mutex, uint32_t state)
{
	const uint32_t awake =
	        GO_MUTEX_LOCKED | GO_MUTEX_WOKEN | GO_MUTEX_STARVING;

	if ((state + GO_MUTEX_LOCKED) % 2 == 0)
		go_mutex_fatal("unlock of unlocked mutex");
	if (state & GO_MUTEX_STARVING) {
		go_mutex_grant(mutex); /* the lock itself */
		return;
	}
	while (state >= GO_MUTEX_WAITER && !(state & awake))
		/* release: handed on by the grant; relaxed when it failed:
		   the new state is looked at */
		if (atomic_compare_exchange_strong_explicit(&mutex->state,
		            &state, (state - GO_MUTEX_WAITER) | GO_MUTEX_WOKEN,
		            memory_order_release, memory_order_relaxed)) {
			go_mutex_grant(mutex); /* the right to compete */
			return;
		}
}

RM_HOT void go_mutex_unlock(struct go_mutex *mutex)
{
	/* release: the next holder sees this one's work */
	uint32_t state = atomic_fetch_sub_explicit(&mutex->state,
	                         GO_MUTEX_LOCKED, memory_order_release) -
	                 GO_MUTEX_LOCKED;

	if (__builtin_expect(state != 0, 0))
		go_mutex_unlock_slow(mutex, state);
}

#endif /* RM_SUPPORT_GO_MUTEX_H */
