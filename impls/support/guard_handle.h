/* SPDX-License-Identifier: Apache-2.0 */
/* guard_handle.h - for guards that need no handle per thread. The handle is the
   map. */
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
