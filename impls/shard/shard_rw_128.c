/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_128.c - 128 Go maps, each under its own RWMutex. It shows whether
   more shards still help. Otherwise it is like shard_rw_32. A lookup writes
   twice to the cache line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 128, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_128 = {
	.id = "shard_rw_128",
	.label = "128 shards, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
