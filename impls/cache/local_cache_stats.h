/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_stats.h - local caches: operations of the backing map,
   statistics, check. Private part of local_cache.h. */
#ifndef RM_LOCAL_CACHE_STATS_H
#define RM_LOCAL_CACHE_STATS_H

#include "impls/cache/local_cache_replica_check.h"

static void cache_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	ops.scan(((struct cache *)thread)->map->backing, shape, fn, context);
}

static size_t cache_length(void *thread)
{
	return ops.length(((struct cache *)thread)->map->backing);
}

struct cache_sum {
	uint64_t age_max_ns, hits, misses, refreshes, expiries, drops;
	uint64_t ages[LOCAL_CACHE_AGES];
};

static struct cache_sum cache_sum(const struct cached_map *map)
{
	struct cache_sum sum = { 0 };

	for (size_t i = 0; i < map->threads; i++) {
		struct cache *cache = map->caches[i];
		uint64_t age_max_ns;

		if (!cache)
			continue;
		age_max_ns = rm_stat_read(&cache->age_max_ns);
		if (age_max_ns > sum.age_max_ns)
			sum.age_max_ns = age_max_ns;
		sum.hits += rm_stat_read(&cache->hits);
		sum.misses += rm_stat_read(&cache->misses);
		sum.refreshes += rm_stat_read(&cache->refreshes);
		sum.expiries += rm_stat_read(&cache->expiries);
		sum.drops += rm_stat_read(&cache->drops);
		for (size_t k = 0; k < LOCAL_CACHE_AGES; k++)
			sum.ages[k] += rm_stat_read(&cache->ages[k]);
	}
	return sum;
}

/* Reports the ages of cached answers. The age of a line starts before the map
   was read, so it is an upper limit of the staleness. */
static void cache_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	static const char *const names[LOCAL_CACHE_AGES] = {
		"answers_up_to_1ms", "answers_up_to_1s", "answers_up_to_10s",
		"answers_up_to_20s", "answers_up_to_30s", "answers_over_30s"
	};
	struct cached_map *map = opaque;
	const struct cache_sum sum = cache_sum(map);

	emit(context, "age_max", "ns", (double)sum.age_max_ns);
	for (size_t i = 0; i < LOCAL_CACHE_AGES; i++)
		emit(context, names[i], "1", rm_stat_value(sum.ages[i]));
	emit(context, "cache_hits", "1", rm_stat_value(sum.hits));
	emit(context, "cache_misses", "1", rm_stat_value(sum.misses));
	emit(context, "cache_refreshes", "1", (double)sum.refreshes);
	emit(context, "cache_expiries", "1", (double)sum.expiries);
	emit(context, "cache_drops", "1", rm_stat_value(sum.drops));
	if (LOCAL_CACHE_REPLICA)
		replica_stats(map, emit, context);
	ops.stats(map->backing, emit, context);
}

static bool cache_check(void *opaque, char *why, size_t size)
{
	struct cached_map *map = opaque;

	if (cache_sum(map).age_max_ns > LOCAL_CACHE_TTL_NS) {
		snprintf(why, size, "an answer was older than the TTL");
		return false;
	}
	return (!LOCAL_CACHE_REPLICA || replica_check(map, why, size)) &&
	       ops.check(map->backing, why, size);
}

#endif /* RM_LOCAL_CACHE_STATS_H */
