/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_64_xxh3.c - 64 shards chosen by XXH3.
 *
 * needs: libxxhash
 *
 * Why: what article S2 recommends, all together: 64 shards, xxHash3. A lookup writes its shard's lock line twice.
 */
#include "impls/support/guard_go_rw.h"
#include "impls/support/xxh3.h"

enum { SHARDS = 64, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_xxh3_key(shape, key) & (SHARDS - 1);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_64_xxh3 = {
	.id = "shard_rw_64_xxh3",
	.label = "64 shards, XXH3",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; XXH3 shard choice",
	.system = "M5",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
