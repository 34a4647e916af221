/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache.c - a cache per thread in front of gomap_rw, invalidated through
 * a log of writes.
 *
 * A cache hit reads the clock and writes no shared memory. Each thread applies
 * the log of written keys when it is quiescent. So an answer may be one batch
 * old, but never older than 30 s.
 */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#include "impls/cache/local_cache.h"
#include "runner/driver.h"

static const struct rm_map_ops cached_ops = { LOCAL_CACHE_OPS };

RM_DRIVES(cached_ops)

const struct rm_impl rm_impl_local_cache = {
	.id = "local_cache",
	.label = "local cache, log",
	.source = "cache with TTL and refresh before Go's map + RWMutex",
	.caps = RM_CAP_STALE,
	LOCAL_CACHE_MAP,
	RM_ALL_OF(cached_ops),
};
