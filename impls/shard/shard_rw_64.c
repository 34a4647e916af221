/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_64.c - 64 Go maps, each under its own RWMutex. This is the number of
   shards in article S2 (S4 has 32). Otherwise it is like shard_rw_32. A lookup
   writes twice to the cache line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 64, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_64 = {
	.id = "shard_rw_64",
	.label = "64 shards, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
