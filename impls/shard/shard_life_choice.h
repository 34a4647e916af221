/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_choice.h - life-cycle shards: which shard a connection gets, and
   what its touches tell of the shard. Inner part of shard_life.h. */
#ifndef RM_SHARD_LIFE_CHOICE_H
#define RM_SHARD_LIFE_CHOICE_H

/* The only call through a pointer: dispatch = "callback". */
static __attribute__((noinline)) uint64_t callback_now(
        const struct life_map *map)
{
	return map->now_ns ? map->now_ns()
	                   : rm_now_coarse_ns() * map->clock_rate;
}

/* relaxed, here and below: figures of a shard order nothing */
RM_HOT uint64_t life_figure(const _Atomic uint64_t *figure)
{
	return atomic_load_explicit(figure, memory_order_relaxed);
}

/* Moves a mean by a fifth of the way to what was seen. */
RM_HOT void life_mean(_Atomic uint64_t *mean, uint64_t seen)
{
	uint64_t old = life_figure(mean);
	int64_t step;

	do
		step = ((int64_t)seen - (int64_t)old) / LIFE_WEIGHT;
	while (!atomic_compare_exchange_weak_explicit(mean, &old,
	        old + (uint64_t)step, memory_order_relaxed,
	        memory_order_relaxed));
}

/* A connection of this shard was seen to be idle for so long. */
RM_HOT void life_idled(struct life_shard *shard, uint64_t idle_ns)
{
	life_mean(&shard->idle_ns, idle_ns);
	life_mean(
	        &shard->late, idle_ns > LIFE_IDLE_LIMIT_NS ? LIFE_ALL_LATE : 0);
}

/* The connection was idle until now, where it is used or closes. Its owner
   calls, or under its stripe. */
RM_HOT void life_touch(struct life_map *map, struct connection *connection)
{
	const uint64_t now_ns = callback_now(map);
	const uint64_t idle_ns = now_ns - connection->touched_ns;

	connection->touched_ns = now_ns;
	if (__builtin_expect(idle_ns > LIFE_IDLE_LIMIT_NS, 0))
		rm_stat_add(&map->late_touches, 1);
	life_idled(&map->shards[connection->shard], idle_ns);
}

/* Who is idle and not touched lowers its shard's score too: who opens a
   connection looks at some others first. As life_touch. */
static void life_look(struct life_map *map, const struct connection *connection,
        uint64_t now_ns)
{
	const uint64_t idle_ns = now_ns - connection->touched_ns;

	if (idle_ns <= LIFE_IDLE_LIMIT_NS)
		return;
	rm_stat_add(&map->late_looks, 1);
	life_idled(&map->shards[connection->shard], idle_ns);
}

static double life_score(const struct life_shard *shard)
{
	const double late =
	        (double)life_figure(&shard->late) / (double)LIFE_ALL_LATE;
	const double idle_s = (double)life_figure(&shard->idle_ns) / 1e9;

	return 100 * (1 - late) /
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
RM_HOT unsigned life_better(const struct life_map *map, unsigned a, unsigned b)
{
	const struct life_shard *one = &map->shards[a];
	const struct life_shard *other = &map->shards[b];
	const double lead = life_score(one) - life_score(other);

	if (lead > 0 || lead < 0)
		return lead > 0 ? a : b;
	return life_figure(&one->active) <= life_figure(&other->active) ? a : b;
}

RM_HOT bool life_is_full(const struct life_map *map, unsigned shard)
{
	return life_figure(&map->shards[shard].active) >= LIFE_GROW_ABOVE;
}

/* The best of all open shards that are not full; a new one if all are. */
static RM_COLD unsigned life_make_room(struct life_map *map, unsigned choice)
{
	const unsigned open = life_open_shards(map);

	for (unsigned i = 0; i < open; i++)
		if (life_is_full(map, choice) ||
		        (!life_is_full(map, i) &&
		                life_better(map, i, choice) == i))
			choice = i;
	if (!life_is_full(map, choice) || open == LIFE_SHARDS)
		return choice;
	life_resize(map, open, open + 1);
	return open;
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
	        (unsigned)rm_below(mix << 32, open));

	if (life_is_full(map, choice))
		choice = life_make_room(map, choice);
	/* relaxed: a figure */
	atomic_fetch_add_explicit(
	        &map->shards[choice].active, 1, memory_order_relaxed);
	return choice;
}

/* A connection of this shard has closed. */
static void life_closed(struct life_map *map, unsigned shard)
{
	const unsigned open = life_open_shards(map);
	uint64_t active = 0;

	/* relaxed: a figure */
	if (atomic_fetch_sub_explicit(&map->shards[shard].active, 1,
	            memory_order_relaxed) > LIFE_SHRINK_BELOW ||
	        open == 1)
		return;
	for (size_t i = 0; i < LIFE_SHARDS; i++)
		active += life_figure(&map->shards[i].active);
	if (active < (uint64_t)LIFE_SHRINK_BELOW * open)
		life_resize(map, open, open - 1);
}

static struct connection *life_connect(
        struct life_map *map, uint64_t hash, uint64_t now_ns)
{
	struct connection *connection =
	        aligned_alloc(LIFE_SHARDS, sizeof(*connection));

	if (!connection)
		gomap_no_memory();
	connection->touched_ns = now_ns;
	connection->shard = life_choose(map, hash, now_ns);
	connection->previous = connection->next = NULL;
	return connection;
}

#endif /* RM_SHARD_LIFE_CHOICE_H */
