/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_life.c - sync.Maps as shards, chosen when a connection opens.
 *
 * A lookup by key is one in the directory and one in the shard; through a
 * handle it is one. Neither writes anything shared, once keys are promoted; a
 * touch through a handle writes the means of its shard.
 */
#define LIFE_READ_LOCK 0
#define LIFE_CHOICE    LIFE_BY_TIME
#include "impls/shard/shard_life.h"

static const struct rm_map_ops ops = { SHARD_LIFE_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_life = {
	.id = "shard_life",
	.label = "life-cycle shards",
	.family = "shard",
	.sync = "epoch",
	.source = "sync.Map shards by connection life cycle",
	.system = "M7",
	.guarantees = "none",
	.progress = "blocking",
	.dispatch = "callback", /* the clock, so that tests own the time */
	RM_ALL_OF(ops),
	.loops = shard_life_loops,
	.open = life_open_all,
	.close = life_close_all,
};
