/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_stats.h - statistics and check. Private part of shard_life.h. */
#ifndef RM_SHARD_LIFE_STATS_H
#define RM_SHARD_LIFE_STATS_H

#include <math.h>

/* Returns the largest part of a burst divided by the mean, or NAN if there was
   no burst. */
static double life_burst_imbalance(struct life_map *map)
{
	const double bursts = (double)rm_stat_read(&map->bursts);

	return bursts > 0 ? (double)rm_stat_read(&map->burst_most) *
	                            LIFE_PARTS / (bursts * LIFE_BURST)
	                  : (double)NAN;
}

/* Reports statistics of all shards and the scores of open shards. */
static void life_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct life_map *map = opaque;
	const unsigned open = life_open_shards(map);
	uint64_t active = 0, most = 0, idle_ns = 0;
	const uint64_t now_ns = callback_now(map);
	double worst = 100;

	for (unsigned i = 0; i < life_made_shards(map); i++) {
		struct life_shard *shard = life_at(map, i);
		const uint64_t shard_active = life_load(&shard->active);
		const double score = i < open ? life_score(shard, now_ns) : 100;

		active += shard_active;
		most = shard_active > most ? shard_active : most;
		worst = score < worst ? score : worst;
		if (life_load(&shard->idle_ns) > idle_ns)
			idle_ns = life_load(&shard->idle_ns);
	}
	emit(context, "shards_open", "1", open);
	emit(context, "shards_grown", "1", (double)rm_stat_read(&map->grown));
	emit(context, "shards_shrunk", "1", (double)rm_stat_read(&map->shrunk));
	emit(context, "late_touches", "1",
	        (double)rm_stat_read(&map->late_touches));
	emit(context, "connections", "1", (double)active);
	emit(context, "shard_active_max", "1", (double)most);
	/* 1 if open shards have equal numbers of connections and closed shards
	   have none */
	emit(context, "shard_imbalance", "1",
	        active ? (double)most * open / (double)active : 0);
	emit(context, "burst_imbalance", "1", life_burst_imbalance(map));
	emit(context, "shard_idle_max", "ns", (double)idle_ns);
	emit(context, "shard_score_min", "1", worst);
	epoch_stats(map->epoch, emit, context);
}

/* True if each connection of a shard is counted as awake or asleep. */
static bool life_check_awake(const struct life_shard *shard)
{
	/* both relaxed: no thread writes any more */
	int64_t sum =
	        atomic_load_explicit(&shard->asleep, memory_order_relaxed);

	for (size_t i = 0; i < LIFE_SECONDS; i++)
		sum += atomic_load_explicit(
		        &shard->awake[i], memory_order_relaxed);
	return sum == (int64_t)life_load(&shard->active);
}

/* Checks that a shard holds as many values as it counts connections. */
static bool life_check_shard(
        struct life_map *map, unsigned i, char *why, size_t size)
{
	struct life_shard *shard = life_at(map, i);
	struct syncmap_member member = { shard->map, NULL };

	if (!syncmap_check(member.map, why, size))
		return false;
	if (!life_check_awake(shard)) {
		snprintf(why, size,
		        "shard %u: the counts by second differ from its "
		        "connections",
		        i);
		return false;
	}
	if (syncmap_length(&member) == life_load(&shard->active))
		return true;
	snprintf(why, size,
	        "shard %u counts %llu active connections and holds %zu", i,
	        (unsigned long long)life_load(&shard->active),
	        syncmap_length(&member));
	return false;
}

static bool life_check(void *opaque, char *why, size_t size)
{
	struct life_map *map = opaque;
	struct syncmap_member directory = { map->directory, NULL };
	uint64_t active = life_connections(map);
	size_t listed = 0;

	if (!syncmap_check(map->directory, why, size))
		return false;
	for (unsigned i = 0; i < life_made_shards(map); i++) {
		if (!life_check_shard(map, i, why, size))
			return false;
		active -= life_load(&life_at(map, i)->active);
	}
	if (active) {
		snprintf(why, size,
		        "the shards do not add up to all connections");
		return false;
	}
	for (size_t i = 0; i < LIFE_STRIPES; i++)
		for (const struct connection *connection =
		                map->stripes[i].first;
		        connection; connection = connection->next)
			listed++;
	if (listed == syncmap_length(&directory))
		return true;
	snprintf(why, size, "the directory has %zu keys for %zu connections",
	        syncmap_length(&directory), listed);
	return false;
}

#endif /* RM_SHARD_LIFE_STATS_H */
