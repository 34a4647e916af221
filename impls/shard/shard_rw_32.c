/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32.c - 32 Go maps, each under an RWMutex of its own.
 *
 * FNV-1a of the key chooses the shard, rm_hash() the place in it: independent
 * bits, or the inner buckets would fill unevenly. A lookup writes its shard's
 * lock line twice. Shards are padded to 128 bytes: the adjacent line, which
 * the processor may fetch along, belongs to nobody else.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_32 = {
	.id = "shard_rw_32",
	.label = "32 shards, port of RWMutex, waits in the kernel",
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
	.value_most = 1024,
	.value_place = "in line to 128 bytes, above by pointer; freed by "
	               "the writer",
};
