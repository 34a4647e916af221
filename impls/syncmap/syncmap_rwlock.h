/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_rwlock.h - sync.Map: a lock that lookups can share when they miss.
   Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_RWLOCK_H
#define RM_SYNCMAP_RWLOCK_H

#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <pthread.h>

enum { SYNCMAP_SHARED_MISS = 1 };

struct syncmap_lock {
	pthread_rwlock_t rwlock;
};

static inline void syncmap_lock_create(struct syncmap_lock *lock)
{
	pthread_rwlock_init(&lock->rwlock, NULL);
}

static inline void syncmap_lock_destroy(struct syncmap_lock *lock)
{
	pthread_rwlock_destroy(&lock->rwlock);
}

RM_HOT void syncmap_lock(struct syncmap_lock *lock)
{
	lock_to_write(&lock->rwlock);
}

RM_HOT void syncmap_unlock(struct syncmap_lock *lock)
{
	pthread_rwlock_unlock(&lock->rwlock);
}

RM_HOT void syncmap_lock_shared(struct syncmap_lock *lock)
{
	lock_to_read(&lock->rwlock);
}

RM_HOT void syncmap_unlock_shared(struct syncmap_lock *lock)
{
	pthread_rwlock_unlock(&lock->rwlock);
}

#endif /* RM_SYNCMAP_RWLOCK_H */
