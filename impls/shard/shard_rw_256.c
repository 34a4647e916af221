/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_256.c - 256 Go maps, each under an RWMutex of its own.
 *
 * Why: the most shards of the sweep; locks and headers take 256 pairs of lines, more
 * than L1d holds beside the data. Otherwise as shard_rw_32. A lookup writes its shard's lock line twice.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 256, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_256 = {
	.id = "shard_rw_256",
	.label = "256 shards, port of RWMutex, waits in the kernel",
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
