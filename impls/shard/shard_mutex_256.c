/* SPDX-License-Identifier: Apache-2.0 */
/* shard_mutex_256.c - 256 Go maps, each under its own Mutex. It is measured
   because with so many shards threads hardly ever wait, and a Mutex is the
   cheapest lock. A lookup writes twice to the cache line of its shard's
   lock. */
#include "impls/support/guard_go_mutex.h"

enum { SHARDS = 256, SHARD_ALIGN = 128 };
#include "impls/shard/shard_hashed.h"

const struct rm_impl rm_impl_shard_mutex_256 = {
	.id = "shard_mutex_256",
	.label = "256 shards, port of Mutex, waits in the kernel",
	.sync = "go-mutex",
	.source = "Go map before 1.24, sync.Mutex; FNV-1a shard choice",
	SHARD_HASHED,
};
