/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_rlock.c - shard_life with the article's RWMutex around every Get.
   The lock protects nothing: a sync.Map needs none, and no writer takes it. A
   lookup writes twice to the cache line of its shard's lock. */
#define LIFE_READ_LOCK            1
#define LIFE_MIX(hash, opened_ns) ((hash) ^ (opened_ns))
#include "impls/shard/shard_life.h"

static const struct rm_map_ops ops = { SHARD_LIFE_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_life_rlock = {
	.id = "shard_life_rlock",
	.label = "life-cycle shards, rlock",
	RM_ALL_OF(ops),
	SHARD_LIFE_MAP,
};
