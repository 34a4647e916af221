/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_mutex.h - Go's Mutex, normal and starvation mode.
 *
 * Written from a description of the algorithm, not from code. One word holds
 * the state: locked, woken (a thread is awake and tries to lock, so unlock
 * wakes no other thread), starving, and the number of waiters.
 *
 * Normal mode: waiters sleep in order of arrival. A woken waiter competes with
 * newcomers, which are running already and mostly win. It then waits at the
 * front of the queue. After more than 1 ms of waiting it makes the mutex
 * starving. In that mode unlock hands the lock to the front of the queue, and
 * newcomers queue at the end without trying or spinning. The mode ends when the
 * new owner is the last waiter or has waited for less than 1 ms.
 *
 * This port differs from Go in some points. A thread waits where Go parks a
 * goroutine. Go's semaphore keeps the queues in a table of the process. Here
 * each mutex has its own queue, so it takes 32 bytes instead of 8. A newcomer
 * spins on more than one CPU, as in Go, but C cannot check whether other
 * goroutines wait for this CPU.
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
	GO_MUTEX_WAITER = 8, /* added to the state for each waiter */
	GO_MUTEX_SPINS = 4,  /* most spins of a newcomer */
	GO_MUTEX_PAUSES = 30,
	GO_MUTEX_STARVED_NS = 1000000,
};

/* A queued thread; located on that thread's stack. */
struct go_waiter {
	struct go_waiter *next;
	_Atomic uint32_t granted; /* 1 once the waiter may go on */
};

/* Initialised by go_mutex_init(). */
struct go_mutex {
	_Atomic uint32_t state;
	uint32_t spins; /* GO_MUTEX_SPINS, or 0 if there is one CPU; constant */
	_Atomic uint32_t line; /* protects the fields below; see go_futex.h */
	uint32_t grants;       /* grants for which there is no waiter yet */
	struct go_waiter *first, *last;
};

/* A thread's state while it tries to get the lock. */
struct go_contender {
	uint64_t since_ns; /* start of its first wait; 0: none yet */
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

/* Queues the thread, at the front if `ahead` and otherwise at the end. Waits
   until the lock is granted. */
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

/* Grants the lock to the front of the queue, or to the next waiter that
   comes. */
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
	/* release: the waiter sees the holder's work. The waiter may no longer
	   exist when it is woken: see go_waits_kernel.h. */
	atomic_store_explicit(&first->granted, 1, memory_order_release);
	go_futex_wake(&first->granted, 1);
}

/* Returns the state that a contending thread tries to store instead of `old`:
   locked, or with one more waiter. */
static inline uint32_t go_mutex_desired_state(
        uint32_t old, const struct go_contender *self)
{
	uint32_t desired = old;

	if (!(old & GO_MUTEX_STARVING))
		desired |= GO_MUTEX_LOCKED;
	if (old & (GO_MUTEX_LOCKED | GO_MUTEX_STARVING))
		desired += GO_MUTEX_WAITER;
	if (self->starving && (old & GO_MUTEX_LOCKED))
		desired |= GO_MUTEX_STARVING;
	if (self->awoken)
		desired &= ~(uint32_t)GO_MUTEX_WOKEN;
	return desired;
}

/* Returns the number that a waiter adds to the state when a starving mutex was
   handed to it. This locks the mutex, subtracts one waiter and, if due, ends
   starvation mode. */
static inline uint32_t go_mutex_take_over(
        uint32_t old, const struct go_contender *self)
{
	uint32_t change = (uint32_t)GO_MUTEX_LOCKED - GO_MUTEX_WAITER;

	if (!self->starving || old / GO_MUTEX_WAITER == 1)
		change -= GO_MUTEX_STARVING;
	return change;
}

/* Spins for a moment if that is useful, otherwise returns false. Sets a flag so
   that unlock need not wake a waiter. */
static inline bool go_mutex_spin(
        struct go_mutex *mutex, struct go_contender *self, uint32_t old)
{
	if ((old & (GO_MUTEX_LOCKED | GO_MUTEX_STARVING)) != GO_MUTEX_LOCKED ||
	        self->spins >= mutex->spins)
		return false;
	/* both relaxed: a hint to unlock, which publishes no data */
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

/* Sleeps. Returns true if the lock was handed over, false if the thread must
   compete for it. */
static inline bool go_mutex_sleep(
        struct go_mutex *mutex, struct go_contender *self)
{
	const bool before = self->since_ns != 0;

	if (!before)
		self->since_ns = rm_now_ns();
	go_mutex_queue(mutex, before);
	self->starving |= rm_now_ns() - self->since_ns > GO_MUTEX_STARVED_NS;

	/* relaxed: ordered by the grant or by the next exchange */
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

	RM_LOCK_WAIT_BEGIN();
	for (;;) {
		/* relaxed: the exchange below orders */
		uint32_t old = atomic_load_explicit(
		        &mutex->state, memory_order_relaxed);

		if (go_mutex_spin(mutex, &self, old))
			continue;
		/* acquire: pairs with the release in go_mutex_unlock(); relaxed
		   if it failed: nothing was taken */
		if (!atomic_compare_exchange_strong_explicit(&mutex->state,
		            &old, go_mutex_desired_state(old, &self),
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

	/* acquire: pairs with the release in go_mutex_unlock(); relaxed if it
	   failed: the slow path orders */
	if (__builtin_expect(
	            !atomic_compare_exchange_strong_explicit(&mutex->state,
	                    &free, GO_MUTEX_LOCKED, memory_order_acquire,
	                    memory_order_relaxed),
	            0))
		go_mutex_lock_slow(mutex);
}

/* `state` is the state after unlocking. Wakes a waiter if necessary. */
GO_CALL void go_mutex_unlock_slow(struct go_mutex *mutex, uint32_t state)
{
	const uint32_t awake =
	        GO_MUTEX_LOCKED | GO_MUTEX_WOKEN | GO_MUTEX_STARVING;

	if ((state + GO_MUTEX_LOCKED) % 2 == 0)
		go_mutex_fatal("unlock of unlocked mutex");
	if (state & GO_MUTEX_STARVING) {
		go_mutex_grant(mutex); /* hands over the lock itself */
		return;
	}
	while (state >= GO_MUTEX_WAITER && !(state & awake))
		/* release: the grant passes it on; relaxed if it failed: the
		   new state is checked */
		if (atomic_compare_exchange_strong_explicit(&mutex->state,
		            &state, (state - GO_MUTEX_WAITER) | GO_MUTEX_WOKEN,
		            memory_order_release, memory_order_relaxed)) {
			go_mutex_grant(mutex); /* hands over the right to
			                          compete */
			return;
		}
}

RM_HOT void go_mutex_unlock(struct go_mutex *mutex)
{
	/* release: the next holder sees the work of this holder */
	uint32_t state = atomic_fetch_sub_explicit(&mutex->state,
	                         GO_MUTEX_LOCKED, memory_order_release) -
	                 GO_MUTEX_LOCKED;

	if (__builtin_expect(state != 0, 0))
		go_mutex_unlock_slow(mutex, state);
}

#endif /* RM_SUPPORT_GO_MUTEX_H */
