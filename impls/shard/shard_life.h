/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_life.h - sync.Maps as shards, chosen by the life cycle of connections.
 *
 * A connection's shard is chosen when it opens, from the time, the map's seed
 * (the article: the process id) and the key's hash; nobody can compute it
 * again, so it is kept in the connection. Who has opened a connection holds
 * its address: a Get is one lookup in its shard's sync.Map. By key alone a
 * directory, another sync.Map, says which connection a key has: two lookups.
 * Connections never move.
 *
 * Each shard has the number of its active connections, a moving mean of how
 * long they were idle before a touch or their end (weight 0.2) and the share
 * of them that are idle for more than 30 s now, to a second
 * (shard_life_idle.h). Its score is
 *
 *	100 (1 - late) / (1 + active * idle seconds)
 *
 * A new connection takes the better of two shards that its hash proposes; if
 * that one has 500 active ones, the best that has not; if all have, another
 * shard is opened, up to 64, and above 64 times 500 none is full. When a shard
 * of 100 or less loses one and the open shards have less than 100 each on
 * average, the last one is closed for new connections.
 *
 * By key: a write holds its key's stripe, and the directory has an entry from
 * before its key is in a shard until after it is taken out. So what decides
 * is the shard, and a lookup needs no lock: who reads an entry of the
 * directory and does not find the key in that shard has seen it absent.
 *
 * A template: the includer defines LIFE_READ_LOCK (1: the article's RWMutex
 * around every Get, which guards nothing) and LIFE_CHOICE.
 */
#ifndef RM_SHARD_LIFE_H
#define RM_SHARD_LIFE_H

#define SYNCMAP_MEMBERS
#include "impls/syncmap/syncmap.h"

#include "impls/support/lock_go.h"
#include "impls/support/lock_pthread.h"
#include "runner/base/clock.h"
#include "runner/driver.h"

#include <pthread.h>

/* LIFE_CHOICE: from time, seed and hash, or from the key's hash alone. */
#define LIFE_BY_TIME 0
#define LIFE_BY_HASH 1

#define LIFE_IDLE_LIMIT_NS ((uint64_t)30 * 1000000000)

enum {
	LIFE_SHARDS = 64, /* most; a number fits below an address */
	LIFE_STRIPES = 64,
	LIFE_GROW_ABOVE = 500,
	LIFE_SHRINK_BELOW = 100,
	LIFE_WEIGHT = 5,   /* 1 / 0.2 */
	LIFE_SECONDS = 32, /* 30 s, the one that begins and the one that ends */
};

struct connection {
	_Alignas(LIFE_SHARDS) uint64_t touched_ns;
	uint32_t shard;
	struct connection *previous, *next; /* of its stripe; under its lock */
};

struct life_shard {
	_Alignas(2 * RM_CACHE_LINE) struct go_rwmutex lock; /* of every Get */
	struct syncmap *map;
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t active;
	_Atomic uint64_t idle_ns; /* a moving mean */
	/* Connections by the second of their last touch, those of more than
	   30 s ago, and the second up to which they were moved, which only
	   who has the lock writes. */
	_Atomic int64_t awake[LIFE_SECONDS], asleep;
	_Atomic uint64_t moved;
	pthread_mutex_t moving;
};

struct life_stripe {
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t lock;
	struct connection *first; /* open by key */
};

struct life_thread;

struct life_map {
	struct life_shard shards[LIFE_SHARDS];
	struct life_stripe stripes[LIFE_STRIPES];
	_Alignas(2 * RM_CACHE_LINE) _Atomic unsigned open_shards;
	_Atomic uint64_t grown, shrunk, late_touches;
	struct syncmap *directory; /* constants from here on */
	struct epoch *epoch;
	struct life_thread **threads; /* by slot; NULL: never joined */
	size_t thread_count;
	uint64_t (*now_ns)(void); /* NULL: the coarse monotonic clock, ... */
	uint64_t clock_rate;      /* ... times this */
	uint64_t seed;
	struct rm_shape shape;
};

/* A thread's handle: one of each map's. */
struct life_thread {
	struct life_map *map;
	struct epoch_record *record;
	struct syncmap_member directory, shards[LIFE_SHARDS];
};

#include "impls/shard/shard_life_idle.h"

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

/* The directory's values: a connection and its shard in one word. */
RM_HOT struct rm_shape life_words(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, 8 };
}

static void life_connection_list_free(struct connection *connection)
{
	while (connection) {
		struct connection *next = connection->next;

		free(connection);
		connection = next;
	}
}

static void life_destroy(void *opaque)
{
	struct life_map *map = opaque;

	epoch_destroy(map->epoch, map);
	if (map->directory)
		syncmap_destroy(map->directory);
	for (size_t i = 0; i < LIFE_SHARDS; i++) {
		if (map->shards[i].map)
			syncmap_destroy(map->shards[i].map);
		pthread_mutex_destroy(&map->shards[i].moving);
	}
	for (size_t i = 0; i < LIFE_STRIPES; i++) {
		life_connection_list_free(map->stripes[i].first);
		pthread_mutex_destroy(&map->stripes[i].lock);
	}
	for (size_t i = 0; map->threads && i < map->thread_count; i++)
		free(map->threads[i]);
	free(map->threads);
	free(map);
}

/* Makes the directory and all shards, empty. False: no memory. */
static bool life_fill(struct life_map *map, const struct rm_sizing *sizing)
{
	struct rm_sizing one = *sizing;
	bool made;

	one.shape = life_words(sizing->shape);
	map->directory = syncmap_create(&one);
	made = map->directory;
	one.shape = sizing->shape;
	for (size_t i = 0; made && i < LIFE_SHARDS; i++) {
		one.seed = rm_seed(sizing->seed, i + 1);
		map->shards[i].map = syncmap_create(&one);
		made = map->shards[i].map;
	}
	map->threads = calloc(sizing->threads, sizeof(struct life_thread *));
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	return made && map->threads && map->epoch;
}

static void life_shard_init(struct life_shard *shard, uint64_t second)
{
	/* published with the map */
	atomic_init(&shard->moved, second);
	pthread_mutex_init(&shard->moving, NULL);
}

static void *life_create(const struct rm_sizing *sizing)
{
	struct life_map *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct life_map){ .now_ns = sizing->now_ns,
		.clock_rate = sizing->clock_rate ? sizing->clock_rate : 1,
		.seed = sizing->seed,
		.shape = sizing->shape,
		.thread_count = sizing->threads };
	/* published with the map */
	atomic_init(&map->open_shards, 1);
	const uint64_t second = life_second(callback_now(map));

	for (size_t i = 0; i < LIFE_SHARDS; i++)
		life_shard_init(&map->shards[i], second);
	for (size_t i = 0; i < LIFE_STRIPES; i++)
		pthread_mutex_init(&map->stripes[i].lock, NULL);
	if (life_fill(map, sizing))
		return map;
	life_destroy(map);
	return NULL;
}

static void *life_join(void *opaque, size_t slot)
{
	struct life_map *map = opaque;
	struct life_thread *thread = map->threads[slot];

	if (!thread)
		thread = map->threads[slot] = malloc(sizeof(*thread));
	if (!thread)
		return NULL;
	thread->map = map;
	thread->record = epoch_join(map->epoch, slot, map);
	if (!thread->record)
		return NULL;
	thread->directory =
	        (struct syncmap_member){ map->directory, thread->record };
	for (size_t i = 0; i < LIFE_SHARDS; i++)
		thread->shards[i] = (struct syncmap_member){ map->shards[i].map,
			thread->record };
	return thread;
}

static void life_leave(void *thread)
{
	epoch_leave(((struct life_thread *)thread)->record);
}

RM_HOT void life_quiesce(void *thread)
{
	epoch_quiesce(((struct life_thread *)thread)->record);
}

static void life_park(void *thread)
{
	epoch_park(((struct life_thread *)thread)->record);
}

static void life_unpark(void *thread)
{
	epoch_unpark(((struct life_thread *)thread)->record);
}

#include "impls/shard/shard_life_ops.h"

#include "impls/shard/shard_life_stats.h"

#include "impls/shard/shard_life_loop.h"

/* Initialisers of struct rm_map_ops. */
#define SHARD_LIFE_OPS                                                       \
	.create = life_create, .destroy = life_destroy, .join = life_join,   \
	.leave = life_leave, .lookup = life_lookup, .upsert = life_upsert,   \
	.remove = life_remove, .quiesce = life_quiesce, .park = life_park,   \
	.unpark = life_unpark, .exchange = life_exchange, .take = life_take, \
	.scan = life_scan, .length = life_length, .stats = life_stats,       \
	.check = life_check

/* Members of struct rm_impl that these maps share. The
   clock is called through a pointer, so that tests own the time. */
#define SHARD_LIFE_MAP                                                        \
	.family = "shard", .sync = "epoch", .duty = RM_DUTY_ANNOUNCE,         \
	.source = "sync.Map shards by connection life cycle", .system = "M7", \
	.guarantees = "none", .progress = "blocking", .dispatch = "callback", \
	.loops = shard_life_loops, .open = life_open_all,                     \
	.close = life_close_all

#endif /* RM_SHARD_LIFE_H */
