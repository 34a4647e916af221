/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32_pad0.c - 32 shards without padding.
 *
 * Why: two shards, 32 bytes each as in Go, share a line: a lookup writes it twice and
 * disturbs the neighbour's. The price of leaving out the padding.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 8 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_32_pad0 = {
	.id = "shard_rw_32_pad0",
	.label = "32 shards, unpadded",
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
