/* SPDX-License-Identifier: Apache-2.0 */
/* mutex.c - mutexes and spinlocks (locks.h). */
#include "runner/sim/guest/guest.h"
#include "verify/explore/locks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SITE __builtin_return_address(0)

_Static_assert(sizeof(struct rm_explore_mutex) <= sizeof(pthread_mutex_t),
        "the model of a mutex fits into a real one");

static struct rm_explore_mutex *mutex_of(pthread_mutex_t *mutex)
{
	return (struct rm_explore_mutex *)(void *)mutex;
}

int rm_sim_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	int kind = PTHREAD_MUTEX_NORMAL;

	if (attr)
		pthread_mutexattr_gettype(attr, &kind);
	rm_explore_lock_step(mutex, sizeof(pthread_mutex_t), SITE);
	memset(mutex, 0, sizeof(pthread_mutex_t));
	mutex_of(mutex)->kind = (uint32_t)kind;
	return 0;
}

int rm_sim_mutex_destroy(pthread_mutex_t *mutex)
{
	rm_explore_lock_step(mutex, sizeof(pthread_mutex_t), SITE);
	if (mutex_of(mutex)->owner)
		rm_explore_misuse("destroys a mutex that is held", SITE);
	return 0;
}

void rm_explore_lock(struct rm_explore_mutex *mutex, const void *site)
{
	while (mutex->owner)
		rm_explore_block(RM_EXPLORE_FOR_MUTEX, mutex, site);
	mutex->owner = rm_sim_self() + 1;
	mutex->depth = 1;
	rm_explore_acquire(mutex);
}

/* The owner locks its mutex again. Returns the status, or -1 for a
 * self-deadlock. */
static int relock(struct rm_explore_mutex *mutex)
{
	if (mutex->kind == PTHREAD_MUTEX_ERRORCHECK)
		return EDEADLK;
	if (mutex->kind != PTHREAD_MUTEX_RECURSIVE)
		return -1;
	mutex->depth++;
	return 0;
}

int rm_sim_mutex_lock(pthread_mutex_t *opaque)
{
	struct rm_explore_mutex *mutex = mutex_of(opaque);
	int status = -1;

	rm_explore_lock_step(mutex, sizeof(pthread_mutex_t), SITE);
	if (mutex->owner == rm_sim_self() + 1)
		status = relock(mutex);
	if (status >= 0)
		return status;
	rm_explore_lock(mutex, SITE);
	return 0;
}

int rm_sim_mutex_trylock(pthread_mutex_t *opaque)
{
	struct rm_explore_mutex *mutex = mutex_of(opaque);

	rm_explore_lock_step(mutex, sizeof(pthread_mutex_t), SITE);
	if (mutex->owner == rm_sim_self() + 1 &&
	        mutex->kind == PTHREAD_MUTEX_RECURSIVE)
		return relock(mutex);
	if (mutex->owner)
		return EBUSY;
	rm_explore_lock(mutex, SITE);
	return 0;
}

void rm_explore_unlock(struct rm_explore_mutex *mutex, const void *site)
{
	if (mutex->owner != rm_sim_self() + 1)
		rm_explore_misuse(
		        mutex->owner ? "unlocks a mutex that another thread "
		                       "holds"
		                     : "unlocks a mutex that is free",
		        site);
	if (--mutex->depth)
		return;
	rm_explore_release(mutex);
	mutex->owner = 0;
	rm_explore_wake(RM_EXPLORE_FOR_MUTEX, mutex, UINT_MAX);
}

int rm_sim_mutex_unlock(pthread_mutex_t *opaque)
{
	rm_explore_lock_step(opaque, sizeof(pthread_mutex_t), SITE);
	rm_explore_note_unlocks();
	rm_explore_unlock(mutex_of(opaque), SITE);
	return 0;
}

/* A spinlock object has space for its owner only. */
static uint32_t *spin_of(pthread_spinlock_t *lock)
{
	return (uint32_t *)(uintptr_t)lock;
}

int rm_sim_spin_init(pthread_spinlock_t *lock, int shared)
{
	(void)shared;
	rm_explore_lock_step(spin_of(lock), sizeof(uint32_t), SITE);
	*spin_of(lock) = 0;
	return 0;
}

int rm_sim_spin_destroy(pthread_spinlock_t *lock)
{
	rm_explore_lock_step(spin_of(lock), sizeof(uint32_t), SITE);
	if (*spin_of(lock))
		rm_explore_misuse("destroys a spinlock that is held", SITE);
	return 0;
}

int rm_sim_spin_lock(pthread_spinlock_t *lock)
{
	uint32_t *owner = spin_of(lock);

	rm_explore_lock_step(owner, sizeof(uint32_t), SITE);
	while (*owner)
		rm_explore_block(RM_EXPLORE_FOR_MUTEX, owner, SITE);
	*owner = rm_sim_self() + 1;
	rm_explore_acquire(owner);
	return 0;
}

int rm_sim_spin_trylock(pthread_spinlock_t *lock)
{
	uint32_t *owner = spin_of(lock);

	rm_explore_lock_step(owner, sizeof(uint32_t), SITE);
	if (*owner)
		return EBUSY;
	*owner = rm_sim_self() + 1;
	rm_explore_acquire(owner);
	return 0;
}

int rm_sim_spin_unlock(pthread_spinlock_t *lock)
{
	uint32_t *owner = spin_of(lock);

	rm_explore_lock_step(owner, sizeof(uint32_t), SITE);
	rm_explore_note_unlocks();
	if (*owner != rm_sim_self() + 1)
		rm_explore_misuse(*owner ? "unlocks a spinlock that another "
		                           "thread holds"
		                         : "unlocks a spinlock that is free",
		        SITE);
	rm_explore_release(owner);
	*owner = 0;
	rm_explore_wake(RM_EXPLORE_FOR_MUTEX, owner, UINT_MAX);
	return 0;
}
