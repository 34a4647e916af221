/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_choice.h - life-cycle shards: which shard a connection gets. Inner
   part of shard_life.h. */
#ifndef RM_SHARD_LIFE_CHOICE_H
#define RM_SHARD_LIFE_CHOICE_H

static double life_score(struct life_shard *shard, uint64_t now_ns)
{
	const double idle_s = (double)life_figure(&shard->idle_ns) / 1e9;

	return 100 * (1 - life_late(shard, now_ns)) /
	       (1 + (double)life_figure(&shard->active) * idle_s);
}

RM_HOT unsigned life_open_shards(const struct life_map *map)
{
	/* relaxed: any recent number will do, all shards exist */
	return atomic_load_explicit(&map->open_shards, memory_order_relaxed);
}

/* One more or one less shard for new connections; others may be as quick. */
static RM_COLD void life_resize(
        struct life_map *map, unsigned from, unsigned to)
{
	/* relaxed, all: all shards exist, and statistics */
	if (!atomic_compare_exchange_strong_explicit(&map->open_shards, &from,
	            to, memory_order_relaxed, memory_order_relaxed))
		return;
	if (to > from)
		rm_stat_add(&map->grown, 1);
	else
		rm_stat_add(&map->shrunk, 1);
}

/* The one with the better score; alike: with fewer connections. */
static unsigned life_better(
        struct life_map *map, unsigned a, unsigned b, uint64_t now_ns)
{
	struct life_shard *one = &map->shards[a], *other = &map->shards[b];
	const double lead = life_score(one, now_ns) - life_score(other, now_ns);

	if (lead > 0 || lead < 0)
		return lead > 0 ? a : b;
	return life_figure(&one->active) <= life_figure(&other->active) ? a : b;
}

RM_HOT bool life_is_full(const struct life_map *map, unsigned shard)
{
	return life_figure(&map->shards[shard].active) >= LIFE_GROW_ABOVE;
}

/* The best of all open shards that are not full; if all are, the next one that
   is not, which opens; with 64 open and full `choice`, as if none were. */
static RM_COLD unsigned life_make_room(
        struct life_map *map, unsigned choice, uint64_t now_ns)
{
	const unsigned open = life_open_shards(map);
	unsigned best = LIFE_SHARDS;

	for (unsigned i = 0; i < open; i++)
		if (!life_is_full(map, i) &&
		        (best == LIFE_SHARDS ||
		                life_better(map, i, best, now_ns) == i))
			best = i;
	if (best != LIFE_SHARDS)
		return best;
	for (unsigned i = open; i < LIFE_SHARDS; i++) {
		life_resize(map, i, i + 1);
		if (!life_is_full(map, i)) /* those of before it closed */
			return i;
	}
	return choice;
}

/* What of its time of opening a connection's shard depends on: to the
   nanosecond, as the article says, where the map has no clock of its own. */
static uint64_t life_opened_ns(const struct life_map *map, uint64_t now_ns)
{
	if (LIFE_CHOICE != LIFE_BY_TIME)
		return 0;
	return map->now_ns ? now_ns : rm_now_ns();
}

/* The shard of a new connection, counted as its. */
static unsigned life_choose(
        struct life_map *map, uint64_t hash, uint64_t now_ns)
{
	const unsigned open = life_open_shards(map);
	const uint64_t mix = rm_mum(
	        hash ^ life_opened_ns(map, now_ns), map->seed ^ RM_HASH_B);
	unsigned choice = life_better(map, (unsigned)rm_below(mix, open),
	        (unsigned)rm_below(mix << 32, open), now_ns);

	if (life_is_full(map, choice))
		choice = life_make_room(map, choice, now_ns);
	/* relaxed: a figure */
	atomic_fetch_add_explicit(
	        &map->shards[choice].active, 1, memory_order_relaxed);
	life_count(&map->shards[choice], life_second(now_ns), 1);
	return choice;
}

/* The connection closes, which ends an idleness. As life_idled. */
static void life_closed(
        struct life_map *map, const struct connection *connection)
{
	struct life_shard *shard = &map->shards[connection->shard];
	const unsigned open = life_open_shards(map);
	uint64_t active = 0;

	life_count(shard, life_idled(map, connection, callback_now(map)), -1);
	/* relaxed: a figure */
	if (atomic_fetch_sub_explicit(&shard->active, 1, memory_order_relaxed) >
	                LIFE_SHRINK_BELOW ||
	        open == 1)
		return;
	for (size_t i = 0; i < LIFE_SHARDS; i++)
		active += life_figure(&map->shards[i].active);
	if (active < (uint64_t)LIFE_SHRINK_BELOW * open)
		life_resize(map, open, open - 1);
}

static struct connection *life_connect(struct life_map *map, uint64_t hash)
{
	struct connection *connection =
	        aligned_alloc(LIFE_SHARDS, sizeof(*connection));

	if (!connection)
		gomap_no_memory();
	connection->touched_ns = callback_now(map);
	connection->shard = life_choose(map, hash, connection->touched_ns);
	connection->previous = connection->next = NULL;
	return connection;
}

#endif /* RM_SHARD_LIFE_CHOICE_H */
