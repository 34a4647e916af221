/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_mutex_32.c - 32 Go maps, each under a Mutex of its own.
 *
 * Why: with few threads per shard readers seldom meet, and a Mutex is one atomic
 * operation cheaper than an RWMutex. A lookup writes its shard's lock line twice.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_mutex.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_mutex_32 = {
	.id = "shard_mutex_32",
	.label = "32 shards, port of Mutex, waits in the kernel",
	.family = "shard",
	.sync = "go-mutex",
	.source = "Go map before 1.24, sync.Mutex; FNV-1a shard choice",
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
