/* SPDX-License-Identifier: Apache-2.0 */
/* cond.c - condition variables and barriers (locks.h). */
#include "runner/sim/guest/guest.h"
#include "verify/explore/locks.h"

#include <limits.h>
#include <string.h>

#define SITE __builtin_return_address(0)

struct barrier {
	uint32_t count, waiting, round;
};

_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t),
        "the model of a barrier fits into a real one");

int rm_sim_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	(void)attr;
	rm_explore_lock_step(cond, sizeof(uint32_t), SITE);
	memset(cond, 0, sizeof(pthread_cond_t));
	return 0;
}

int rm_sim_cond_destroy(pthread_cond_t *cond)
{
	rm_explore_lock_step(cond, sizeof(uint32_t), SITE);
	return 0;
}

/* The mutex provides the ordering, so a condition needs no clock. */
int rm_sim_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	rm_explore_lock_step(cond, sizeof(uint32_t), SITE);
	rm_explore_unlock((void *)mutex, SITE);
	rm_explore_block(RM_EXPLORE_FOR_SIGNAL, cond, SITE);
	rm_explore_lock((void *)mutex, SITE);
	return 0;
}

int rm_sim_cond_signal(pthread_cond_t *cond)
{
	rm_explore_lock_step(cond, sizeof(uint32_t), SITE);
	rm_explore_wake(RM_EXPLORE_FOR_SIGNAL, cond, 1);
	return 0;
}

int rm_sim_cond_broadcast(pthread_cond_t *cond)
{
	rm_explore_lock_step(cond, sizeof(uint32_t), SITE);
	rm_explore_wake(RM_EXPLORE_FOR_SIGNAL, cond, UINT_MAX);
	return 0;
}

int rm_sim_barrier_init(pthread_barrier_t *opaque,
        const pthread_barrierattr_t *attr, unsigned count)
{
	(void)attr;
	rm_explore_lock_step(opaque, sizeof(uint32_t), SITE);
	memset(opaque, 0, sizeof(*opaque));
	((struct barrier *)(void *)opaque)->count = count;
	return 0;
}

int rm_sim_barrier_destroy(pthread_barrier_t *barrier)
{
	rm_explore_lock_step(barrier, sizeof(uint32_t), SITE);
	return 0;
}

int rm_sim_barrier_wait(pthread_barrier_t *opaque)
{
	struct barrier *barrier = (struct barrier *)(void *)opaque;
	uint32_t round;

	rm_explore_lock_step(barrier, sizeof(*barrier), SITE);
	round = barrier->round;
	rm_explore_release(barrier);
	if (++barrier->waiting == barrier->count) {
		barrier->waiting = 0;
		barrier->round++;
		rm_explore_wake(RM_EXPLORE_FOR_BARRIER, barrier, UINT_MAX);
		rm_explore_acquire(barrier);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	while (barrier->round == round)
		rm_explore_block(RM_EXPLORE_FOR_BARRIER, barrier, SITE);
	rm_explore_acquire(barrier);
	return 0;
}
