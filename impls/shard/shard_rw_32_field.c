/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_field.c - shard_rw_32_mask whose mask is a member of the map, as
   in article S4, section 4.2. In other maps the number of shards is a constant,
   which costs no load. Here each operation loads the mask before it can select
   a shard. A lookup writes twice to the cache line of its shard's lock. */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT uint64_t shard_hash(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_key(shape, key);
}

#define SHARD_ARRAY "impls/shard/shard_array_mask.h"
#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_rw_32_field = {
	.id = "shard_rw_32_field",
	.label = "32 shards, mask in the map",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a, masked",
	.system = "M5",
	.guarantees = "once-if-present",
	.progress = "blocking",
	RM_ALL_OF(ops),
};
