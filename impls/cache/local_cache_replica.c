/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache_replica.c - as local_cache, but misses read a replica.
 *
 * A lookup that its thread's cache answers writes nothing shared; it reads the
 * clock. Others take the read lock of a second map, which a thread of the map's
 * own brings up to the first by the log of writes, and leave the lock that
 * writers take alone. An answer may be old by a batch and the replica's lag,
 * and never by more than 30 s and that lag.
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
