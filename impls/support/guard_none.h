/* SPDX-License-Identifier: Apache-2.0 */
/* guard_none.h - no lock, for misuses. A guard for gomap_guarded.h. */
#ifndef RM_SUPPORT_GUARD_NONE_H
#define RM_SUPPORT_GUARD_NONE_H

#include "runner/map.h"

struct guard {
	char none;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)guard, (void)threads;
	return true;
}

static inline void guard_destroy(struct guard *guard)
{
	(void)guard;
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	(void)guard, (void)thread;
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)guard, (void)thread;
}

RM_HOT void guard_write(struct guard *guard)
{
	(void)guard;
}

RM_HOT void guard_write_end(struct guard *guard)
{
	(void)guard;
}

#endif /* RM_SUPPORT_GUARD_NONE_H */
