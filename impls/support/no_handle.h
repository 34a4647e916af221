/* SPDX-License-Identifier: Apache-2.0 */
/* no_handle.h - join, leave and quiesce of a map without per-thread state. The
   handle of every thread is the map itself. */
#ifndef RM_SUPPORT_NO_HANDLE_H
#define RM_SUPPORT_NO_HANDLE_H

#include "runner/map.h"

static inline void *map_itself(void *map, size_t slot)
{
	(void)slot;
	return map;
}

/* For leave and quiesce: there is nothing to do, since a lookup holds no
   reference after it returns. */
static inline void nothing(void *thread)
{
	(void)thread;
}

#define NO_HANDLE_OPS                                             \
	.create = create, .destroy = destroy, .join = map_itself, \
	.leave = nothing, .lookup = lookup, .quiesce = nothing,   \
	.exchange = exchange, .take = take

#endif /* RM_SUPPORT_NO_HANDLE_H */
