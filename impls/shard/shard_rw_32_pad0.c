/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_pad0.c - 32 shards without padding. It measures the cost of
   omitting the padding. Two shards, of 32 bytes each as in Go, share a cache
   line. A lookup writes this line twice and so disturbs the other shard. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 8 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_pad0 = {
	.id = "shard_rw_32_pad0",
	.label = "32 shards, unpadded",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
