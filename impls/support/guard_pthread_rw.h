/* SPDX-License-Identifier: Apache-2.0 */
/* guard_pthread_rw.h - POSIX' rwlock of the kind GUARD_RWLOCK_KIND, an
   enumerator that the includer defines. A guard for gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_PTHREAD_RW_H
#define RM_SUPPORT_GUARD_PTHREAD_RW_H

#include "impls/support/guard_handle.h"
#include "impls/support/lock_pthread.h"

#include <pthread.h>

struct guard {
	pthread_rwlock_t lock;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)threads;

	pthread_rwlockattr_t attributes;
	bool failed;

	if (pthread_rwlockattr_init(&attributes))
		return false;
	failed =
	        pthread_rwlockattr_setkind_np(&attributes, GUARD_RWLOCK_KIND) ||
	        pthread_rwlock_init(&guard->lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	return !failed;
}

static inline void guard_destroy(struct guard *guard)
{
	pthread_rwlock_destroy(&guard->lock);
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	lock_to_read(&guard->lock);
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	lock_to_write(&guard->lock);
}

RM_HOT void guard_write_end(struct guard *guard)
{
	pthread_rwlock_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_PTHREAD_RW_H */
