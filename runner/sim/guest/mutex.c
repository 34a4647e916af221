/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutex.c - pthread mutexes and spinlocks, compiled with instrumentation.
 *
 * Uses glibc 2.36's algorithms (nptl/pthread_mutex_lock.c, lowlevellock.h) and
 * its layout: word, count, owner, users and kind are in one structure of 40
 * bytes. The accesses to the lock's cache line are thus those of the real
 * library. Robust, priority and process-shared kinds and lock elision are
 * omitted.
 */
#include "runner/sim/guest/guest.h"

#include <errno.h>
#include <string.h>

struct mutex {
	_Atomic uint32_t word; /* 0: free, 1: locked, 2: locked, and threads
	                          wait */
	uint32_t count;        /* recursive: depth */
	uint32_t owner;        /* core + 1 */
	uint32_t users;
	uint32_t kind;
};

_Static_assert(sizeof(struct mutex) <= sizeof(pthread_mutex_t),
        "a simulated mutex must fit into a pthread_mutex_t");

enum {
	KIND_MASK = 3,
	ADAPTIVE_SPINS = 100, /* glibc: MAX_ADAPTIVE_COUNT */
};

static struct mutex *mutex_of(pthread_mutex_t *mutex)
{
	return (struct mutex *)(void *)mutex;
}

int rm_sim_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	int kind = PTHREAD_MUTEX_NORMAL;

	if (attr)
		pthread_mutexattr_gettype(attr, &kind);
	memset(mutex_of(mutex), 0, sizeof(pthread_mutex_t));
	mutex_of(mutex)->kind = (uint32_t)kind;
	return 0;
}

int rm_sim_mutex_destroy(pthread_mutex_t *mutex)
{
	/* relaxed: no other thread uses the mutex now */
	return atomic_load_explicit(
	               &mutex_of(mutex)->word, memory_order_relaxed)
	               ? EBUSY
	               : 0;
}

static int try_word(struct mutex *mutex)
{
	uint32_t free = 0;

	/* acquire: pairs with release_word(); relaxed on failure */
	return atomic_compare_exchange_strong_explicit(&mutex->word, &free, 1,
	               memory_order_acquire, memory_order_relaxed)
	               ? 0
	               : EBUSY;
}

/* Waits for the mutex. If the word already marks waiters, sleeps without
   writing, so that the holder keeps the cache line (glibc: __lll_lock_wait). */
static void wait_word(struct mutex *mutex)
{
	/* relaxed: the futex and the exchange check it again */
	if (atomic_load_explicit(&mutex->word, memory_order_relaxed) == 2)
		rm_sim_futex_wait(&mutex->word, 2);
	/* acquire: pairs with the release in release_word() */
	while (atomic_exchange_explicit(&mutex->word, 2, memory_order_acquire))
		rm_sim_futex_wait(&mutex->word, 2);
}

/* Spins for a limited time before it sleeps (PTHREAD_MUTEX_ADAPTIVE_NP). */
static void spin_word(struct mutex *mutex)
{
	for (int i = 0; i < ADAPTIVE_SPINS; i++) {
		/* relaxed: try_word() orders the accesses */
		if (!atomic_load_explicit(&mutex->word, memory_order_relaxed) &&
		        !try_word(mutex))
			return;
		rm_sim_relax();
	}
	wait_word(mutex);
}

static void release_word(struct mutex *mutex)
{
	/* release: the next holder sees this holder's writes */
	if (atomic_exchange_explicit(&mutex->word, 0, memory_order_release) > 1)
		rm_sim_futex_wake(&mutex->word, 1);
}

/* True if this core already holds the mutex. Stores the result of the lock
   call, which depends on the mutex's kind. */
static int held_already(struct mutex *mutex, int *status)
{
	uint32_t kind = mutex->kind & KIND_MASK;

	if ((kind != PTHREAD_MUTEX_RECURSIVE &&
	            kind != PTHREAD_MUTEX_ERRORCHECK) ||
	        mutex->owner != rm_sim_self() + 1)
		return 0;
	if (kind == PTHREAD_MUTEX_RECURSIVE)
		mutex->count++;
	*status = kind == PTHREAD_MUTEX_RECURSIVE ? 0 : EDEADLK;
	return 1;
}

static void set_holder(struct mutex *mutex)
{
	if ((mutex->kind & KIND_MASK) == PTHREAD_MUTEX_RECURSIVE)
		mutex->count = 1;
	mutex->owner = rm_sim_self() + 1;
	mutex->users++;
}

int rm_sim_mutex_lock(pthread_mutex_t *opaque)
{
	struct mutex *mutex = mutex_of(opaque);
	int status;

	if (held_already(mutex, &status))
		return status;
	if (try_word(mutex)) {
		if ((mutex->kind & KIND_MASK) == PTHREAD_MUTEX_ADAPTIVE_NP)
			spin_word(mutex);
		else
			wait_word(mutex);
	}
	set_holder(mutex);
	return 0;
}

int rm_sim_mutex_trylock(pthread_mutex_t *opaque)
{
	struct mutex *mutex = mutex_of(opaque);
	int status;

	if (held_already(mutex, &status))
		return status == EDEADLK ? EBUSY : status;
	if (try_word(mutex))
		return EBUSY;
	set_holder(mutex);
	return 0;
}

int rm_sim_mutex_unlock(pthread_mutex_t *opaque)
{
	struct mutex *mutex = mutex_of(opaque);
	uint32_t kind = mutex->kind & KIND_MASK;

	if (kind == PTHREAD_MUTEX_RECURSIVE ||
	        kind == PTHREAD_MUTEX_ERRORCHECK) {
		if (mutex->owner != rm_sim_self() + 1)
			return EPERM;
		if (kind == PTHREAD_MUTEX_RECURSIVE && --mutex->count)
			return 0;
	}
	mutex->owner = 0;
	mutex->users--;
	release_word(mutex);
	return 0;
}

static _Atomic int *spin_of(pthread_spinlock_t *lock)
{
	return (_Atomic int *)(void *)(uintptr_t)lock;
}

int rm_sim_spin_init(pthread_spinlock_t *lock, int shared)
{
	(void)shared;
	/* relaxed: no other thread uses the lock yet */
	atomic_store_explicit(spin_of(lock), 0, memory_order_relaxed);
	return 0;
}

int rm_sim_spin_destroy(pthread_spinlock_t *lock)
{
	return spin_of(lock) ? 0 : EINVAL;
}

int rm_sim_spin_trylock(pthread_spinlock_t *lock)
{
	/* acquire: pairs with the release in rm_sim_spin_unlock() */
	return atomic_exchange_explicit(spin_of(lock), 1, memory_order_acquire)
	               ? EBUSY
	               : 0;
}

int rm_sim_spin_lock(pthread_spinlock_t *lock)
{
	while (rm_sim_spin_trylock(lock))
		/* relaxed: the exchange orders the accesses */
		while (atomic_load_explicit(
		        spin_of(lock), memory_order_relaxed))
			rm_sim_relax();
	return 0;
}

int rm_sim_spin_unlock(pthread_spinlock_t *lock)
{
	/* release: pairs with the acquire of the next rm_sim_spin_trylock() */
	atomic_store_explicit(spin_of(lock), 0, memory_order_release);
	return 0;
}
