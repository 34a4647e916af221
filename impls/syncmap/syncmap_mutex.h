/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_mutex.h - sync.Map: its lock is a mutex, as in Go, but that of glibc.
   A waiting thread sleeps at once, whereas in Go it first spins up to four
   times for 30 pauses. Unlike in Go, the lock is not handed over after 1 ms
   (go_mutex.h does both). Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_MUTEX_H
#define RM_SYNCMAP_MUTEX_H

#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <pthread.h>

/* 1 if lookups that miss the read map share the lock. */
enum { SYNCMAP_SHARED_MISS = 0 };

struct syncmap_lock {
	pthread_mutex_t mutex;
};

static inline void syncmap_lock_create(struct syncmap_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
}

static inline void syncmap_lock_destroy(struct syncmap_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

RM_HOT void syncmap_lock(struct syncmap_lock *lock)
{
	lock_mutex(&lock->mutex);
}

RM_HOT void syncmap_unlock(struct syncmap_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
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

#endif /* RM_SYNCMAP_MUTEX_H */
