/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_timed.c - growing shards that a background thread splits.
 *
 * Shards, capacity and routing are as in shard_grow. Only that thread inspects
 * shards, every 5 s, so a shard may have more than 3/4 of 4096 keys for that
 * long. It moves the keys of a shard concurrently with writers, 1000 each time
 * that it holds the shard's lock. A lookup writes twice to the cache line of
 * its shard's lock; in a moving shard it searches the new place before the old
 * one.
 */
enum {
	GROW_SHARDS = 32,
	GROW_CAPACITY = 4096,
	GROW_BATCH = 1000,
	GROW_STOP = 0,
	GROW_TIMED = 1,
};
#define GROW_INSPECTION_NS ((uint64_t)5 * 1000000000)
#include "impls/shard/shard_grow_timed.h"

static const struct rm_map_ops ops = { GROW_TIMED_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_grow_timed = {
	.id = "shard_grow_timed",
	.label = "growing shards, own thread",
	.source = "extendible hashing (Fagin et al. 1979) over Go maps",
	.caps = RM_CAP_BACKGROUND,
	GROW_MAP,
	RM_ALL_OF(ops),
};
