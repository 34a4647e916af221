/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_256.c - 256 Go maps, each under its own RWMutex. It has the most
   shards of the sweep. Locks and headers take 256 pairs of cache lines, more
   than fit into L1d in addition to the data. Otherwise it is like shard_rw_32.
   A lookup writes twice to the cache line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 256, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_256 = {
	.id = "shard_rw_256",
	.label = "256 shards, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
