/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_mask.c - shard_rw_32 that masks FNV-1a like article S4, section
   4.2: its lowest five bits select the shard. The other sharded maps first
   combine both halves of the hash, because the lowest k bits of FNV-1a depend
   only on the lowest k bits of each byte. So some sets of keys are spread
   unevenly here. A lookup writes twice to the cache line of its shard's
   lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#define SHARD_CHOICE(shape, key) (rm_fnv1a_key(shape, key) & (SHARDS - 1))
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_mask = {
	.id = "shard_rw_32_mask",
	.label = "32 shards, masked",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a, masked",
	SHARD_HASHED,
};
