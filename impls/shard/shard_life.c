/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_life.c - sync.Maps as shards, selected when a connection opens.
 *
 * A lookup by key needs one lookup in the directory and one in the shard; a
 * lookup through a handle needs only the latter. Neither writes shared memory
 * once keys are promoted. A touch through a handle updates the moving means of
 * its shard.
 */
#define LIFE_READ_LOCK            0
#define LIFE_MIX(hash, opened_ns) ((hash) ^ (opened_ns))
#include "impls/shard/shard_life.h"

static const struct rm_map_ops ops = { SHARD_LIFE_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_life = {
	.id = "shard_life",
	.label = "life-cycle shards",
	RM_ALL_OF(ops),
	SHARD_LIFE_MAP,
};
