/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_256_pad0.c - 256 shards without padding.
 *
 * Why: with many shards the chance that two threads meet on a line is small anyhow,
 * and no padding means half the lines, or a quarter. A lookup writes a line twice that
 * two shards share.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 256, SHARD_ALIGN = 8 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_256_pad0 = {
	.id = "shard_rw_256_pad0",
	.label = "256 shards, unpadded",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	.system = "M5",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
