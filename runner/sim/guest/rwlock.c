/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rwlock.c - pthread reader-writer locks, compiled with instrumentation.
 *
 * Uses glibc 2.36's algorithm (nptl/pthread_rwlock_common.c). The number of
 * readers and the phase share one word, so locking for reading is one addition
 * and unlocking one exchange, on one cache line. If the lock prefers writers,
 * readers wait before the addition while a writer is next. Timeouts are
 * omitted. A writer does not pass the lock to the next writer; writers compete
 * for the word instead.
 */
#include "runner/sim/guest/guest.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct rwlock {
	_Atomic uint32_t readers;  /* number << 3, and the flags below */
	_Atomic uint32_t writers;  /* unused; keeps glibc's layout */
	_Atomic uint32_t wrphase;  /* futex; 1 during a write phase */
	_Atomic uint32_t wrlocked; /* futex of queued writers */
	uint32_t pad[2];
	uint32_t writer; /* core + 1 of the writer */
	uint32_t unused[5];
	uint32_t kind;
};

_Static_assert(sizeof(struct rwlock) <= sizeof(pthread_rwlock_t),
        "a simulated rwlock must fit into a pthread_rwlock_t");

enum {
	WRITE_PHASE = 1,  /* a write phase has begun, or begins now */
	WRITE_LOCKED = 2, /* a writer holds the lock or is next */
	READERS_WAIT = 4, /* readers wait until the last reader has left */
	READER = 8,
	READER_SHIFT = 3,
	FUTEX_USED = 2,
};

static struct rwlock *rwlock_of(pthread_rwlock_t *lock)
{
	return (struct rwlock *)(void *)lock;
}

int rm_sim_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	int kind = PTHREAD_RWLOCK_PREFER_READER_NP;

	if (attr)
		pthread_rwlockattr_getkind_np(attr, &kind);
	memset(rwlock_of(lock), 0, sizeof(pthread_rwlock_t));
	rwlock_of(lock)->kind = (uint32_t)kind;
	return 0;
}

int rm_sim_rwlock_destroy(pthread_rwlock_t *lock)
{
	/* relaxed: no other thread uses the lock now */
	return atomic_load_explicit(
	               &rwlock_of(lock)->readers, memory_order_relaxed) >>
	                       READER_SHIFT
	               ? EBUSY
	               : 0;
}

/* Sleeps while the word of the phase is `phase`, and marks that word as
   used. */
static void phase_wait(struct rwlock *lock, uint32_t phase)
{
	/* relaxed: `readers` orders the callers' accesses */
	uint32_t seen =
	        atomic_load_explicit(&lock->wrphase, memory_order_relaxed);

	while ((seen | FUTEX_USED) == (phase | FUTEX_USED)) {
		/* both relaxed: `readers` orders the callers' accesses */
		if (!(seen & FUTEX_USED) &&
		        !atomic_compare_exchange_weak_explicit(&lock->wrphase,
		                &seen, phase | FUTEX_USED, memory_order_relaxed,
		                memory_order_relaxed))
			continue;
		rm_sim_futex_wait(&lock->wrphase, phase | FUTEX_USED);
		/* relaxed: `readers` orders the callers' accesses */
		seen = atomic_load_explicit(
		        &lock->wrphase, memory_order_relaxed);
	}
}

/* Waits as a reader, after the lock was found in a write phase. */
static void read_slow(struct rwlock *lock, uint32_t seen)
{
	while ((seen & WRITE_PHASE) && !(seen & WRITE_LOCKED))
		/* acquire: pairs with the release of the last writer; relaxed
		   on failure */
		if (atomic_compare_exchange_weak_explicit(&lock->readers, &seen,
		            seen ^ WRITE_PHASE, memory_order_acquire,
		            memory_order_relaxed)) {
			/* relaxed: `readers`, written above, orders this */
			if (atomic_exchange_explicit(
			            &lock->wrphase, 0, memory_order_relaxed) &
			        FUTEX_USED)
				rm_sim_futex_wake(&lock->wrphase, INT_MAX);
			return;
		}
	if (!(seen & WRITE_PHASE))
		return;
	do {
		phase_wait(lock, 1);
		/* acquire: pairs with the release in write_unlock() */
	} while (atomic_load_explicit(&lock->readers, memory_order_acquire) &
	         WRITE_PHASE);
	/* The thread that ended the phase also writes the phase's futex
	   (read_unlock()). */
	phase_wait(lock, 1);
}

/* Called before a reader adds itself. Waits while a writer is next. */
static void let_writers_first(struct rwlock *lock)
{
	for (;;) {
		/* relaxed: the following addition orders the accesses */
		uint32_t seen = atomic_load_explicit(
		        &lock->readers, memory_order_relaxed);

		if (seen & WRITE_PHASE || !(seen & WRITE_LOCKED) ||
		        !(seen >> READER_SHIFT))
			return;
		/* relaxed: only a mark; the last reader clears it and wakes the
		   others */
		if (seen & READERS_WAIT ||
		        atomic_compare_exchange_weak_explicit(&lock->readers,
		                &seen, seen | READERS_WAIT,
		                memory_order_relaxed, memory_order_relaxed))
			rm_sim_futex_wait(&lock->readers, seen | READERS_WAIT);
	}
}

int rm_sim_rwlock_rdlock(pthread_rwlock_t *opaque)
{
	struct rwlock *lock = rwlock_of(opaque);

	if (lock->writer == rm_sim_self() + 1)
		return EDEADLK;
	if (lock->kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
		let_writers_first(lock);

	/* acquire: pairs with the release in write_unlock() */
	uint32_t seen = atomic_fetch_add_explicit(
	                        &lock->readers, READER, memory_order_acquire) +
	                READER;

	if (seen & WRITE_PHASE)
		read_slow(lock, seen);
	return 0;
}

static void read_unlock(struct rwlock *lock)
{
	/* relaxed: the exchange below orders the accesses */
	uint32_t seen =
	        atomic_load_explicit(&lock->readers, memory_order_relaxed);
	uint32_t next;

	do {
		next = seen - READER;
		if (!(next >> READER_SHIFT)) {
			next &= ~(uint32_t)READERS_WAIT;
			if (next & WRITE_LOCKED)
				/* the last reader starts the write phase */
				next |= WRITE_PHASE;
		}
		/* release: pairs with the acquires of writers; relaxed on
		   failure */
	} while (!atomic_compare_exchange_weak_explicit(&lock->readers, &seen,
	        next, memory_order_release, memory_order_relaxed));
	/* relaxed: `readers`, written above, orders the accesses */
	if ((next & WRITE_PHASE) && (atomic_exchange_explicit(&lock->wrphase, 1,
	                                     memory_order_relaxed) &
	                                    FUTEX_USED))
		rm_sim_futex_wake(&lock->wrphase, INT_MAX);
	if ((seen ^ next) & READERS_WAIT)
		rm_sim_futex_wake(&lock->readers, INT_MAX);
}

/* Waits until this writer is next. A woken writer cannot know whether other
   writers sleep, so it marks the futex as used again. */
static uint32_t write_lock_word(struct rwlock *lock)
{
	for (int slept = 0;; slept = 1) {
		/* acquire: pairs with the releases of readers and writers */
		uint32_t seen = atomic_fetch_or_explicit(
		        &lock->readers, WRITE_LOCKED, memory_order_acquire);

		if (seen & WRITE_LOCKED || slept)
			/* relaxed: only a mark for sleeping writers */
			atomic_store_explicit(&lock->wrlocked, 1 | FUTEX_USED,
			        memory_order_relaxed);
		if (!(seen & WRITE_LOCKED))
			return seen;
		/* relaxed: the or operation above checks it again */
		if (atomic_load_explicit(&lock->readers, memory_order_relaxed) &
		        WRITE_LOCKED)
			rm_sim_futex_wait(&lock->wrlocked, 1 | FUTEX_USED);
	}
}

int rm_sim_rwlock_wrlock(pthread_rwlock_t *opaque)
{
	struct rwlock *lock = rwlock_of(opaque);
	uint32_t seen;

	if (lock->writer == rm_sim_self() + 1)
		return EDEADLK;
	seen = write_lock_word(lock) | WRITE_LOCKED;
	while (!(seen & WRITE_PHASE) && !(seen >> READER_SHIFT))
		/* acquire: pairs with the release in read_unlock(); relaxed on
		   failure */
		if (atomic_compare_exchange_weak_explicit(&lock->readers, &seen,
		            seen | WRITE_PHASE, memory_order_acquire,
		            memory_order_relaxed)) {
			/* relaxed: `readers` orders the accesses of readers */
			atomic_store_explicit(
			        &lock->wrphase, 1, memory_order_relaxed);
			seen |= WRITE_PHASE;
		}
	while (!(seen & WRITE_PHASE)) {
		phase_wait(lock, 0);
		/* acquire: pairs with the release in read_unlock() */
		seen = atomic_load_explicit(
		        &lock->readers, memory_order_acquire);
		if (seen & WRITE_PHASE)
			phase_wait(lock, 0); /* wait for the futex, too */
	}
	lock->writer = rm_sim_self() + 1;
	return 0;
}

static void write_unlock(struct rwlock *lock)
{
	/* relaxed: the exchange below orders the accesses */
	uint32_t seen =
	        atomic_load_explicit(&lock->readers, memory_order_relaxed);

	lock->writer = 0;
	/* release: pairs with the acquires of the next holders; relaxed on
	   failure */
	while (!atomic_compare_exchange_weak_explicit(&lock->readers, &seen,
	        (seen ^ WRITE_LOCKED) ^
	                (seen >> READER_SHIFT ? WRITE_PHASE : 0),
	        memory_order_release, memory_order_relaxed))
		;
	/* relaxed: `readers`, written above, orders the accesses */
	if (seen >> READER_SHIFT && (atomic_exchange_explicit(&lock->wrphase, 0,
	                                     memory_order_relaxed) &
	                                    FUTEX_USED))
		rm_sim_futex_wake(&lock->wrphase, INT_MAX);
	/* relaxed: this follows the write to `readers`. A writer that saw the
	   lock taken set the mark before it checked `readers` again. */
	if (atomic_exchange_explicit(&lock->wrlocked, 0, memory_order_relaxed) &
	        FUTEX_USED)
		rm_sim_futex_wake(&lock->wrlocked, 1);
}

int rm_sim_rwlock_unlock(pthread_rwlock_t *opaque)
{
	struct rwlock *lock = rwlock_of(opaque);

	if (lock->writer == rm_sim_self() + 1)
		write_unlock(lock);
	else
		read_unlock(lock);
	return 0;
}
