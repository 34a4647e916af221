/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_replica_check.h - local caches: statistics of the replica and
   checks. Private part of local_cache.h. */
#ifndef RM_LOCAL_CACHE_REPLICA_CHECK_H
#define RM_LOCAL_CACHE_REPLICA_CHECK_H

#include "impls/cache/local_cache_replica.h"

struct replica_sum {
	uint64_t lag_max_ns, staleness_max_ns, primary_reads, replica_reads;
};

static struct replica_sum replica_sum(const struct cached_map *map)
{
	struct replica_sum sum = { 0 };

	for (size_t i = 0; i < map->threads; i++) {
		struct replica_reader *reader = &map->replica->readers[i];
		const uint64_t lag_ns = rm_stat_read(&reader->lag_max_ns),
		               stale_ns =
		                       rm_stat_read(&reader->staleness_max_ns);

		if (lag_ns > sum.lag_max_ns)
			sum.lag_max_ns = lag_ns;
		if (stale_ns > sum.staleness_max_ns)
			sum.staleness_max_ns = stale_ns;
		sum.primary_reads += rm_stat_read(&reader->primary_reads);
		sum.replica_reads += rm_stat_read(&reader->replica_reads);
	}
	return sum;
}

static void replica_stats(
        const struct cached_map *map, rm_stat_fn *emit, void *context)
{
	struct replica *replica = map->replica;
	const struct replica_sum sum = replica_sum(map);

	emit(context, "staleness_max", "ns", (double)sum.staleness_max_ns);
	emit(context, "replica_lag_max", "ns", (double)sum.lag_max_ns);
	emit(context, "replica_behind_max", "1",
	        (double)rm_stat_read(&replica->behind_max));
	emit(context, "replica_reads", "1", rm_stat_value(sum.replica_reads));
	emit(context, "primary_reads", "1", (double)sum.primary_reads);
	emit(context, "log_full", "1",
	        (double)rm_stat_read(&replica->log_full));
}

/* Returns how many logged writes the replica still lacks after two more passes
   of the follower, if the follower is running. No thread may write. */
static uint64_t replica_count_missing(const struct cached_map *map)
{
	struct replica *replica = map->replica;
	/* acquire, here and below: pairs with replica_pass() */
	const uint64_t passes =
	        atomic_load_explicit(&replica->passes, memory_order_acquire);

	/* wait for two passes, since the current one may have read log_head too
	   early */
	while (replica->follower_running &&
	        atomic_load_explicit(&replica->passes, memory_order_acquire) <
	                passes + 2)
		rm_sleep_until(rm_now_ns() + REPLICA_POLL_NS);
	/* relaxed: no thread writes */
	return atomic_load_explicit(&map->log_head, memory_order_relaxed) -
	       replica_applied(replica);
}

/* True if the replica has the primary's keys and values. */
static bool replica_equals(const struct cached_map *map)
{
	struct gomap *primary = map->backing->shard[0].inner,
	             *copy = map->replica->map->shard[0].inner;
	const struct rm_shape shape = primary->extra->shape;
	bool equal = gomap_count(primary) == gomap_count(copy);
	struct gomap_iterator it;
	struct rm_value value, copied;
	struct rm_key key;

	gomap_iterate_begin(primary, &it);
	while (equal && gomap_iterate_next(&it, shape, &key, &value))
		equal = gomap_lookup(copy, shape, key, &copied) &&
		        !memcmp(&copied, &value, shape.value_bytes);
	gomap_iterate_end(&it);
	return equal;
}

static bool replica_check(const struct cached_map *map, char *why, size_t size)
{
	const struct replica_sum sum = replica_sum(map);
	const uint64_t lacks = replica_count_missing(map);

	if (!map->replica->follower_running)
		snprintf(why, size, "the follower of the log has stopped");
	else if (lacks)
		snprintf(why, size, "the replica lacks %llu logged writes",
		        (unsigned long long)lacks);
	else if (!replica_equals(map))
		snprintf(why, size, "the replica differs from its primary");
	else if (sum.staleness_max_ns > LOCAL_CACHE_TTL_NS + sum.lag_max_ns)
		snprintf(why, size,
		        "an answer was staler than the TTL plus the lag");
	else
		return ops.check(map->replica->map, why, size);
	return false;
}

#endif /* RM_LOCAL_CACHE_REPLICA_CHECK_H */
