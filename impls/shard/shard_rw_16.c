/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_16.c - 16 Go maps, each under its own RWMutex. It has the fewest
   shards of the sweep from 16 to 256, so many threads share the cache line of a
   lock. Otherwise it is like shard_rw_32. A lookup writes twice to the cache
   line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 16, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_16 = {
	.id = "shard_rw_16",
	.label = "16 shards, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
