/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache_version.c - a cache per thread in front of gomap_rw; each lookup
 * compares its key's version.
 *
 * Like local_cache, but every answer is current. A lookup also reads one shared
 * word, which writes of the same key (and of a few other keys) change. It
 * writes no shared memory.
 */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_VERSION
#include "impls/cache/local_cache.h"
#include "runner/driver.h"

static const struct rm_map_ops cached_ops = { LOCAL_CACHE_OPS };

RM_DRIVES(cached_ops)

const struct rm_impl rm_impl_local_cache_version = {
	.id = "local_cache_version",
	.label = "local cache, versions",
	.source = "cache with TTL and refresh before Go's map + RWMutex",
	LOCAL_CACHE_MAP,
	RM_ALL_OF(cached_ops),
};
