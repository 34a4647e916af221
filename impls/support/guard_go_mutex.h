/* SPDX-License-Identifier: Apache-2.0 */
/* guard_go_mutex.h - Go's Mutex, which lookups take, too. A guard for
   gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_GO_MUTEX_H
#define RM_SUPPORT_GUARD_GO_MUTEX_H

#include "impls/support/go_mutex.h"
#include "impls/support/guard_handle.h"

struct guard {
	struct go_mutex lock;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)threads;
	go_mutex_init(&guard->lock);
	return true;
}

static inline void guard_destroy(struct guard *guard)
{
	(void)guard;
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	RM_LOCK_BEGIN(RM_LOCK_READ);
	go_mutex_lock(&guard->lock);
	RM_LOCK_END();
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	go_mutex_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	go_mutex_lock(&guard->lock);
	RM_LOCK_END();
}

RM_HOT void guard_write_end(struct guard *guard)
{
	go_mutex_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_GO_MUTEX_H */
