/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_mutex_held.h - sync.Map: its lock is a mutex that records its holder,
   so that a thread that jumps out of an operation can release it. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_MUTEX_HELD_H
#define RM_SYNCMAP_MUTEX_HELD_H

#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <pthread.h>
#include <stdatomic.h>

/* 1 if lookups that miss the read map share the lock. */
enum { SYNCMAP_SHARED_MISS = 0 };

struct syncmap_lock {
	pthread_mutex_t mutex;
	_Atomic pthread_t holder; /* 0 if not held */
};

static inline void syncmap_lock_create(struct syncmap_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	atomic_init(&lock->holder, 0); /* published with the map */
}

static inline void syncmap_lock_destroy(struct syncmap_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

RM_HOT void syncmap_lock(struct syncmap_lock *lock)
{
	lock_mutex(&lock->mutex);
	/* relaxed: a thread compares this only with itself */
	atomic_store_explicit(
	        &lock->holder, pthread_self(), memory_order_relaxed);
}

RM_HOT void syncmap_unlock(struct syncmap_lock *lock)
{
	/* relaxed: see syncmap_lock() */
	atomic_store_explicit(&lock->holder, 0, memory_order_relaxed);
	pthread_mutex_unlock(&lock->mutex);
}

/* Unlocks if the calling thread holds the lock. Returns whether it did hold
   it. */
static inline bool syncmap_unlock_if_held(struct syncmap_lock *lock)
{
	/* relaxed: equal only if this thread stored it */
	if (atomic_load_explicit(&lock->holder, memory_order_relaxed) !=
	        pthread_self())
		return false;
	syncmap_unlock(lock);
	return true;
}

RM_HOT void syncmap_lock_shared(struct syncmap_lock *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_READ);
	syncmap_lock(lock);
	RM_LOCK_END();
}

RM_HOT void syncmap_unlock_shared(struct syncmap_lock *lock)
{
	syncmap_unlock(lock);
}

#endif /* RM_SYNCMAP_MUTEX_HELD_H */
