/* SPDX-License-Identifier: Apache-2.0 */
/* no_handle.h - join, leave and quiesce of a map without thread state: every
   thread's handle is the map itself, and threads announce nothing. */
#ifndef RM_SUPPORT_NO_HANDLE_H
#define RM_SUPPORT_NO_HANDLE_H

#include "runner/map.h"

static inline void *map_itself(void *map, size_t slot)
{
	(void)slot;
	return map;
}

/* leave and quiesce do nothing, since a lookup holds no reference after it
   returns. */
static inline void nothing(void *thread)
{
	(void)thread;
}

/* Members of struct rm_map_ops: the usual operations under their usual
   names. */
#define NO_HANDLE_OPS                                                   \
	.create = create, .destroy = destroy, .join = map_itself,       \
	.leave = nothing, .lookup = lookup, .upsert = upsert,           \
	.remove = remove_key, .quiesce = nothing, .exchange = exchange, \
	.take = take, .length = length

#endif /* RM_SUPPORT_NO_HANDLE_H */
