/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32_xxh3.c - 32 shards selected by XXH3.
 *
 * needs: libxxhash
 *
 * Compared with shard_rw_32, it shows what a fast hash saves over byte-wise
 * FNV-1a. The id names the hash, since that is what is studied. A lookup writes
 * twice to the cache line of its shard's lock.
 */
#include "impls/support/guard_go_rw.h"
#include "impls/support/xxh3.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#define SHARD_CHOICE(shape, key) (rm_xxh3_key(shape, key) & (SHARDS - 1))
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_xxh3 = {
	.id = "shard_rw_32_xxh3",
	.label = "32 shards, XXH3",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; XXH3 shard choice",
	SHARD_HASHED,
};
