/* SPDX-License-Identifier: Apache-2.0 */
/* guard_ticket.h - a ticket lock, which lookups take, too. A guard for
   gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_TICKET_H
#define RM_SUPPORT_GUARD_TICKET_H

#include "impls/support/guard_handle.h"
#include "impls/support/ticket.h"

struct guard {
	struct ticket_lock lock;
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
	RM_LOCK_BEGIN(RM_LOCK_READ);
	ticket_lock(&guard->lock);
	RM_LOCK_END();
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	ticket_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	ticket_lock(&guard->lock);
	RM_LOCK_END();
}

RM_HOT void guard_write_end(struct guard *guard)
{
	ticket_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_TICKET_H */
