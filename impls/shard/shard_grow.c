/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow.c - Go maps under RWMutexes; a shard that is too full becomes two.
 *
 * A lookup loads an entry of the routing table and writes twice to the cache
 * line of its shard's lock, like shard_rw_32. A shard above 3/4 of 4096 keys is
 * split while it is in use: each write to it copies 1000 more keys
 * (shard_grow_split.h). So no operation moves more keys than that, and no
 * thread waits longer.
 */
enum {
	GROW_SHARDS = 32,
	GROW_CAPACITY = 4096,
	GROW_BATCH = 1000,
	GROW_STOP = 0,
	GROW_TIMED = 0,
};
#include "impls/shard/shard_grow_ops.h"

static const struct rm_map_ops ops = { GROW_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_grow = {
	.id = "shard_grow",
	.label = "growing shards",
	.source = "extendible hashing (Fagin et al. 1979) over Go maps",
	GROW_MAP,
	RM_ALL_OF(ops),
};
