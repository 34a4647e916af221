/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_life.h - local caches: creation and destruction. Private part of
   local_cache.h. */
#ifndef RM_LOCAL_CACHE_LIFE_H
#define RM_LOCAL_CACHE_LIFE_H

#include "impls/cache/local_cache_read.h"

static void cache_destroy(void *opaque)
{
	struct cached_map *map = opaque;

	if (LOCAL_CACHE_REPLICA)
		replica_destroy(map);
	for (size_t i = 0; map->caches && i < map->threads; i++)
		free(map->caches[i]);
	free(map->caches);
	if (map->backing)
		ops.destroy(map->backing);
	free(map);
}

static void *cache_create(const struct rm_sizing *sizing)
{
	struct cached_map *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));

	const uint64_t rate = sizing->clock_rate ? sizing->clock_rate : 1;

	if (!map)
		return NULL;
	*map = (struct cached_map){ .now_ns = sizing->now_ns,
		.clock_rate = rate,
		.limit_ns = LOCAL_CACHE_TTL_NS - LOCAL_CACHE_TICK_NS * rate,
		.seed = rm_seed(sizing->seed, 1),
		.threads = sizing->threads };
	map->caches = calloc(sizing->threads, sizeof(struct cache *));
	map->backing = ops.create(sizing);
	if (map->caches && map->backing &&
	        (!LOCAL_CACHE_REPLICA || replica_create(map, sizing)))
		return map;
	cache_destroy(map);
	return NULL;
}

static void *cache_join(void *opaque, size_t slot)
{
	struct cached_map *map = opaque;
	struct cache *cache = map->caches[slot];

	if (!cache) {
		cache = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*cache));
		if (!cache)
			return NULL;
		memset(cache, 0, sizeof(*cache));
		cache->map = map;
		if (LOCAL_CACHE_REPLICA)
			cache->reader = &map->replica->readers[slot];
		map->caches[slot] = cache;
	}
	/* acquire: pairs with the release in cache_publish(). An empty cache
	   may skip all entries that were logged earlier. */
	cache->log_seen =
	        atomic_load_explicit(&map->log_head, memory_order_acquire);
	cache_drop_all(cache);
	if (LOCAL_CACHE_REPLICA) { /* the replica may lack some of these
	                              writes */
		cache->log_seen = replica_applied(map->replica);
		cache_catch_up(cache, &map->log_head);
	}
	return cache;
}

#endif /* RM_LOCAL_CACHE_LIFE_H */
