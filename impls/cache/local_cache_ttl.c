/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache_ttl.c - a cache per thread in front of gomap_rw, without
 * invalidation.
 *
 * Like local_cache, but without the log, so an answer may be 30 s old. The
 * difference from local_cache shows the cost and the benefit of invalidation.
 */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_TTL
#include "impls/cache/local_cache.h"
#include "runner/driver.h"

static const struct rm_map_ops cached_ops = { LOCAL_CACHE_OPS };

RM_DRIVES(cached_ops)

const struct rm_impl rm_impl_local_cache_ttl = {
	.id = "local_cache_ttl",
	.label = "local cache, TTL only",
	.source = "cache with TTL and refresh before Go's map + RWMutex",
	.caps = RM_CAP_STALE,
	LOCAL_CACHE_MAP,
	RM_ALL_OF(cached_ops),
};
