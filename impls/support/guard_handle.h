/* SPDX-License-Identifier: Apache-2.0 */
/* guard_handle.h - the handle of threads for guards without one: the map. */
#ifndef RM_SUPPORT_GUARD_HANDLE_H
#define RM_SUPPORT_GUARD_HANDLE_H

#include "runner/map.h"

struct guard;

static inline void *guard_join(struct guard *guard, void *map, size_t slot)
{
	(void)guard, (void)slot;
	return map;
}

RM_HOT void *guard_map(void *thread)
{
	return thread;
}

#endif /* RM_SUPPORT_GUARD_HANDLE_H */
