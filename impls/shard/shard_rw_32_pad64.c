/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32_pad64.c - 32 shards padded to one line each.
 *
 * Why: 64 bytes are what the articles pad to. Against shard_rw_32: does the adjacent
 * line matter? A lookup writes its shard's lock line twice.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 64 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_32_pad64 = {
	.id = "shard_rw_32_pad64",
	.label = "32 shards, 64 bytes",
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
