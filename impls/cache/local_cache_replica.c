/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache_replica.c - local_cache, but misses read a replica.
 *
 * A cache hit reads the clock and writes no shared memory. A miss takes the
 * read lock of a second map, and so avoids the lock that writers take. A
 * background thread updates the second map from the log of writes. An answer
 * may be as old as one batch plus the replica's lag, but never older than 30 s
 * plus that lag.
 */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#define LOCAL_CACHE_REPLICA      true
#include "impls/cache/local_cache.h"
#include "runner/driver.h"

static const struct rm_map_ops cached_ops = { LOCAL_CACHE_OPS };

RM_DRIVES(cached_ops)

const struct rm_impl rm_impl_local_cache_replica = {
	.id = "local_cache_replica",
	.label = "local cache, log and replica",
	.source = "cache with TTL and refresh before a replica of Go's map + "
	          "RWMutex",
	.caps = RM_CAP_STALE | RM_CAP_BACKGROUND,
	LOCAL_CACHE_MAP,
	RM_ALL_OF(cached_ops),
};
