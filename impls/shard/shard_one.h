/* SPDX-License-Identifier: Apache-2.0 */
/* shard_one.h - no shards: one map under one guard. For gomap_guarded.h. */
#ifndef RM_SHARD_ONE_H
#define RM_SHARD_ONE_H

#include "runner/map.h"

enum { SHARDS = 1, SHARD_ALIGN = RM_CACHE_LINE };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	(void)shape, (void)key;
	return 0;
}

#endif /* RM_SHARD_ONE_H */
