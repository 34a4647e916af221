/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.c - condition variables and barriers, compiled with instrumentation.
 *
 * A condition variable is a sequence number on which waiters sleep. This is
 * simpler than glibc's two groups of waiters, and differs only in fairness. A
 * barrier counts rounds.
 */
#include "runner/sim/guest/guest.h"

#include <limits.h>
#include <string.h>

static _Atomic uint32_t *sequence_of(pthread_cond_t *cond)
{
	return (_Atomic uint32_t *)(void *)cond;
}

int rm_sim_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	(void)attr;
	memset(sequence_of(cond), 0, sizeof(pthread_cond_t));
	return 0;
}

int rm_sim_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

int rm_sim_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	/* relaxed: the mutex orders the accesses */
	uint32_t seen =
	        atomic_load_explicit(sequence_of(cond), memory_order_relaxed);

	rm_sim_mutex_unlock(mutex);
	rm_sim_futex_wait(sequence_of(cond), seen);
	return rm_sim_mutex_lock(mutex);
}

static int wake(pthread_cond_t *cond, uint32_t threads)
{
	/* relaxed: the mutex orders the accesses */
	atomic_fetch_add_explicit(sequence_of(cond), 1, memory_order_relaxed);
	rm_sim_futex_wake(sequence_of(cond), threads);
	return 0;
}

int rm_sim_cond_signal(pthread_cond_t *cond)
{
	return wake(cond, 1);
}

int rm_sim_cond_broadcast(pthread_cond_t *cond)
{
	return wake(cond, INT_MAX);
}

struct barrier {
	_Atomic uint32_t waiting;
	_Atomic uint32_t round;
	uint32_t count;
};

_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t),
        "a simulated barrier must fit into a pthread_barrier_t");

static struct barrier *barrier_of(pthread_barrier_t *barrier)
{
	return (struct barrier *)(void *)barrier;
}

int rm_sim_barrier_init(pthread_barrier_t *opaque,
        const pthread_barrierattr_t *attr, unsigned count)
{
	(void)attr;
	memset(opaque, 0, sizeof(*opaque));
	barrier_of(opaque)->count = count;
	return 0;
}

int rm_sim_barrier_destroy(pthread_barrier_t *barrier)
{
	(void)barrier;
	return 0;
}

int rm_sim_barrier_wait(pthread_barrier_t *opaque)
{
	struct barrier *barrier = barrier_of(opaque);
	/* acquire: pairs with the release below, in the previous round */
	uint32_t round =
	        atomic_load_explicit(&barrier->round, memory_order_acquire);

	/* acq_rel: the last thread must see, and pass on, the work of all
	   threads */
	if (atomic_fetch_add_explicit(
	            &barrier->waiting, 1, memory_order_acq_rel) +
	                1 ==
	        barrier->count) {
		/* relaxed: the next write to `round` publishes it */
		atomic_store_explicit(
		        &barrier->waiting, 0, memory_order_relaxed);
		/* release: pairs with the waiters' acquire */
		atomic_fetch_add_explicit(
		        &barrier->round, 1, memory_order_release);
		rm_sim_futex_wake(&barrier->round, INT_MAX);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	/* acquire: pairs with the release above */
	while (atomic_load_explicit(&barrier->round, memory_order_acquire) ==
	        round)
		rm_sim_futex_wait(&barrier->round, round);
	return 0;
}
