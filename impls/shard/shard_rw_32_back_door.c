/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_back_door.c - 32 shards, with a removal that bypasses the lock.
   Misuse: the caller gets the Go map of a shard and deletes from it directly,
   without the lock (gomap_unguarded_take.h). An unguarded removal yields until
   another write overlaps it, for at most 20 ms. shard_rw_32 is the correct
   version. */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_unguarded_take.h"

enum { WAITS = 200 };

/* Waits until another write overlaps, since with 32 shards that rarely happens
   by chance. */
static RM_COLD void be_met(struct gomap *inner)
{
	for (unsigned i = 0; i < WAITS && !gomap_get(inner->extra->conflicts);
	        i++)
		technique_sleep();
}

const struct rm_impl rm_impl_shard_rw_32_back_door = {
	.id = "shard_rw_32_back_door",
	.label = "32 shards, back door",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	.system = "M16",
	.shapes = RM_U64_SHAPES,
	.guarantees = "none",
	.progress = "blocking",
	.ops = &ops,
	.drive = RM_U64_DRIVES,
	.misuse = "check: concurrent map writes",
};
