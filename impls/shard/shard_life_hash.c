/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_hash.c - like shard_life, but the shards are proposed by the key's
   hash alone. Scores still decide between them. The difference in the statistic
   burst_imbalance shows the benefit of mixing in the time. A lookup writes the
   same as in shard_life. */
#define LIFE_READ_LOCK            0
#define LIFE_MIX(hash, opened_ns) (hash)
#include "impls/shard/shard_life.h"

static const struct rm_map_ops ops = { SHARD_LIFE_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_life_hash = {
	.id = "shard_life_hash",
	.label = "life-cycle shards, hash",
	RM_ALL_OF(ops),
	SHARD_LIFE_MAP,
};
