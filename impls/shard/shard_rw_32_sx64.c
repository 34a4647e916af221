/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_sx64.c - 32 shards selected by shift-xor, 64 bits. The article
   does not limit the size of its integers, so this is another reading of it.
   Keys of up to 16 bytes go to the same shards as in shard_rw_32_sx32, so only
   the arithmetic differs. A lookup writes twice to the cache line of its
   shard's lock. */
#include "impls/support/guard_go_rw.h"
#include "impls/support/shift_xor.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#define SHARD_CHOICE(shape, key) (rm_shift_xor64_key(shape, key) & (SHARDS - 1))
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_sx64 = {
	.id = "shard_rw_32_sx64",
	.label = "32 shards, shift-xor 64",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; shift-xor 64 shard choice",
	SHARD_HASHED,
};
