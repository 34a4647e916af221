/* SPDX-License-Identifier: Apache-2.0 */
/* shard_mutex_32.c - 32 Go maps, each under its own Mutex. It is measured
   because with few threads per shard readers seldom meet, and a Mutex needs one
   atomic operation less than an RWMutex. A lookup writes twice to the cache
   line of its shard's lock. */
#include "impls/support/guard_go_mutex.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_mutex_32 = {
	.id = "shard_mutex_32",
	.label = "32 shards, port of Mutex, waits in the kernel",
	.sync = "go-mutex",
	.source = "Go map before 1.24, sync.Mutex; FNV-1a shard choice",
	SHARD_HASHED,
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
