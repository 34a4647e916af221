/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_256_pad0.c - 256 shards without padding. With many shards two
   threads seldom meet on a cache line anyway, and without padding at most half
   as many lines are needed. A lookup writes twice to a line that two shards
   share. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 256, SHARD_ALIGN = 8 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_256_pad0 = {
	.id = "shard_rw_256_pad0",
	.label = "256 shards, unpadded",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
