/* SPDX-License-Identifier: Apache-2.0 */
/* guard_pthread_mutex.h - POSIX' default mutex, which lookups take, too. A
   guard for gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_PTHREAD_MUTEX_H
#define RM_SUPPORT_GUARD_PTHREAD_MUTEX_H

#include "impls/support/guard_handle.h"
#include "impls/support/lock_pthread.h"

#include <pthread.h>

struct guard {
	pthread_mutex_t lock;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)threads;
	return pthread_mutex_init(&guard->lock, NULL) == 0;
}

static inline void guard_destroy(struct guard *guard)
{
	pthread_mutex_destroy(&guard->lock);
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	RM_LOCK_BEGIN(RM_LOCK_READ);
	lock_mutex(&guard->lock);
	RM_LOCK_END();
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_mutex_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	lock_mutex(&guard->lock);
}

RM_HOT void guard_write_end(struct guard *guard)
{
	pthread_mutex_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_PTHREAD_MUTEX_H */
