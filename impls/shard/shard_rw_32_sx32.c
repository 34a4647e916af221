/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_sx32.c - 32 shards selected by shift-xor, 32 bits. This is the
   hash of article S2, which calls it fast. It is good only for evenly spread
   keys: keys of decimal digits fill the shards unevenly
   (tests/unit/shard/test_shard_hash.c). A lookup writes twice to the cache line
   of its shard's lock. */
#include "impls/support/guard_go_rw.h"
#include "impls/support/shift_xor.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#define SHARD_CHOICE(shape, key) (rm_shift_xor32_key(shape, key) & (SHARDS - 1))
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_sx32 = {
	.id = "shard_rw_32_sx32",
	.label = "32 shards, shift-xor 32",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; shift-xor 32 shard choice",
	SHARD_HASHED,
};
