/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_32_pad64.c - 32 shards padded to one line each. The articles pad to
   64 bytes; the difference from shard_rw_32 shows the effect of the adjacent
   line. A lookup writes twice to the cache line of its shard's lock. */
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 64 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_rw_32_pad64 = {
	.id = "shard_rw_32_pad64",
	.label = "32 shards, 64 bytes",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	SHARD_HASHED,
};
