/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_64_mask.c - shard_rw_64 selected by plain `hash & 63`: the 64 shards
   of article S2, section 4.1, and its FNV-1a. shard_rw_64 first combines both
   halves of the hash; the lowest six bits of FNV-1a depend only on the lowest
   six bits of each byte, as in shard_rw_32_mask. A lookup writes twice to the
   cache line of its shard's lock. */
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
