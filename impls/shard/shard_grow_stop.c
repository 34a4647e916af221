/* SPDX-License-Identifier: Apache-2.0 */
/* shard_grow_stop.c - growing shards that stop all threads while they grow, for
   comparison with shard_grow. Shards, capacity, load factor and routing are the
   same. A write that finds a shard too full locks all shards and moves all keys
   of N shards to 2N shards, while all other threads wait. */
enum {
	GROW_SHARDS = 32,
	GROW_CAPACITY = 4096,
	GROW_BATCH = 1000,
	GROW_STOP = 1,
	GROW_TIMED = 0,
};
#include "impls/shard/shard_grow_ops.h"

static const struct rm_map_ops ops = { GROW_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_grow_stop = {
	.id = "shard_grow_stop",
	.label = "growing shards, stopping",
	.source = "rehashing of all shards at once over Go maps",
	GROW_MAP,
	RM_ALL_OF(ops),
};
