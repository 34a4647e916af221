/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32.c - 32 Go maps, each under its own RWMutex.
 *
 * FNV-1a of the key selects the shard, and rm_hash() the bucket in the shard.
 * The two hashes are independent, since otherwise the buckets would fill
 * unevenly. A lookup writes twice to the cache line of its shard's lock. Shards
 * are padded to 128 bytes because the processor may prefetch the adjacent line.
 */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32 = {
	.id = "shard_rw_32",
	.label = "32 shards, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
