/* SPDX-License-Identifier: Apache-2.0 */
/* guard_go_rw.h - Go's RWMutex. A guard for gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_GO_RW_H
#define RM_SUPPORT_GUARD_GO_RW_H

#include "impls/support/guard_handle.h"
#include "impls/support/lock_go.h"

struct guard {
	struct go_rwmutex lock;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)threads;
	*guard = (struct guard){ 0 };
	return true;
}

static inline void guard_destroy(struct guard *guard)
{
	(void)guard;
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	lock_go_to_read(&guard->lock);
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	go_rwmutex_read_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	lock_go_to_write(&guard->lock);
}

RM_HOT void guard_write_end(struct guard *guard)
{
	go_rwmutex_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_GO_RW_H */
