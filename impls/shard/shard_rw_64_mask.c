/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_64_mask.c - shard_rw_64 with shards selected by plain `hash & 63`.
   These are the 64 shards and the FNV-1a of article S2, section 4.1.
   shard_rw_64 first combines both halves of the hash. As in shard_rw_32_mask,
   the lowest six bits of FNV-1a depend only on the lowest six bits of each
   byte. A lookup writes twice to the cache line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 64, SHARD_ALIGN = 128 };
#define SHARD_CHOICE(shape, key) (rm_fnv1a_key(shape, key) & (SHARDS - 1))
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_64_mask = {
	.id = "shard_rw_64_mask",
	.label = "64 shards, masked",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a, masked",
	SHARD_HASHED,
};
