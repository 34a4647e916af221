/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_life.h - sync.Maps as shards, selected by the life cycle of
 * connections.
 *
 * A connection's shard is selected when it opens, from the time, the map's seed
 * (in the article: the process id) and the key's hash. It cannot be computed
 * again, so it is stored in the connection. The opener keeps the connection's
 * address: a Get is one lookup in its shard's sync.Map. A directory, another
 * sync.Map, maps a key to its connection; a Get by key is two lookups.
 * Connections never move.
 *
 * Each shard keeps the number of its active connections, a moving mean of their
 * idle times before a touch or their end (weight 0.2) and the share of them
 * that have been idle for more than 30 s, with a resolution of one second
 * (shard_life_idle.h). Its score is
 *
 *	100 (1 - late) / (1 + active * idle seconds)
 *
 * A new connection takes the better of two shards that its hash proposes. If
 * that one has 500 active connections, the connection takes the other shard or,
 * if that is full, too, the last open shard. If all three are full, another
 * shard is opened. If a shard with 100 or fewer loses a connection and the open
 * shards have fewer than 100 each on average, the last one is closed for new
 * connections. Shards are created when they are first opened, so their number
 * depends on the number of connections: 2000 for a million. The cost of an open
 * or a close does not depend on the number of shards.
 *
 * With operations by key, a write holds the lock of its key's stripe. An entry
 * is in the directory before its key is in a shard, and stays until the key is
 * removed from the shard. So the shard decides whether a key is present, and
 * lookups need no lock. If a thread reads an entry of the directory and does
 * not find the key in that shard, the key is absent.
 *
 * The statistic burst_imbalance shows how unevenly the first proposal alone
 * would spread 1024 connections that a thread opens in sequence: largest / mean
 * of 64 parts. It does not use the loads of the shards, which scores and the
 * limit of 500 determine: 20,000 connections fill 40 shards whatever is
 * proposed. If the parts are random, the fullest has 1.6 times the mean; if all
 * connections go to one part, 64 times.
 *
 * This is a template: the includer defines LIFE_READ_LOCK (1: the article's
 * RWMutex around every Get, which protects nothing) and LIFE_MIX(hash,
 * opened_ns), from which the shards of a connection are proposed.
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

#define LIFE_IDLE_LIMIT_NS ((uint64_t)30 * 1000000000)

enum {
	LIFE_SHARDS = 1 << 16,  /* enough for 32 million connections */
	LIFE_ADDRESS_BITS = 48, /* the higher bits are the number of the
	                           shard */
	LIFE_CHUNK = 64,        /* shards that are allocated together */
	LIFE_STRIPES = 64,
	LIFE_TRIES = 8, /* most shards that opening one connection may open */
	LIFE_BURST = 1024,
	LIFE_PARTS = 64,
	LIFE_GROW_ABOVE = 500,
	LIFE_SHRINK_BELOW = 100,
	LIFE_WEIGHT = 5,   /* the weight of a new idle time is 1 / 5 */
	LIFE_SECONDS = 32, /* 30 s, plus two partial seconds */
};

struct connection {
	_Alignas(RM_CACHE_LINE) uint64_t touched_ns;
	uint32_t shard;
	struct connection *previous, *next; /* neighbours in the list of its
	                                       stripe; protected by the stripe's
	                                       lock */
};

struct life_shard {
	_Alignas(2 * RM_CACHE_LINE) struct syncmap *map;
	_Alignas(2 * RM_CACHE_LINE) struct go_rwmutex lock; /* taken by Gets */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t active;
	_Atomic uint64_t idle_ns; /* moving mean of idle times */
	/* awake: number of connections by the second of their last touch.
	   asleep: number of connections last touched more than 30 s ago. moved:
	   second up to which counts were moved to `asleep`; written only under
	   `moving`. */
	_Atomic int64_t awake[LIFE_SECONDS], asleep;
	_Atomic uint64_t moved;
	pthread_mutex_t moving;
};

struct life_stripe {
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t lock;
	struct connection *first; /* list of connections opened by key */
	/* connections of all shards whose number has this remainder */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t active;
};

struct life_thread;

struct life_map {
	/* LIFE_CHUNK shards each. A thread that has read a number below
	   made_shards, or the number in a connection, may use that shard. */
	struct life_shard *chunks[LIFE_SHARDS / LIFE_CHUNK];
	struct life_stripe stripes[LIFE_STRIPES];
	_Alignas(2 * RM_CACHE_LINE) _Atomic unsigned open_shards, made_shards;
	pthread_mutex_t making; /* held while shards are created */
	_Atomic uint64_t grown, shrunk, late_touches, bursts, burst_most;
	/* the members below are constant */
	_Alignas(2 * RM_CACHE_LINE) struct syncmap *directory;
	struct epoch *epoch;
	struct life_thread **threads; /* indexed by slot; NULL: the slot was
	                                 never joined */
	size_t thread_count;
	uint64_t (*now_ns)(void); /* NULL: use the coarse monotonic clock */
	uint64_t clock_rate;      /* factor for the time of that clock */
	uint64_t seed;
	struct rm_shape shape;
};

/* A thread's handle, with one for each inner map. */
struct life_thread {
	struct life_map *map;
	struct epoch_record *record;
	struct syncmap_member directory;
	/* connections opened since the last burst ended, in total and by
	   part */
	uint32_t opened, parts[LIFE_PARTS];
};

RM_HOT struct life_shard *life_at(const struct life_map *map, unsigned number)
{
	return &map->chunks[number / LIFE_CHUNK][number % LIFE_CHUNK];
}

#include "impls/shard/shard_life_idle.h"

/* Allocates whole pairs of cache lines. */
static void *life_zeroed(size_t bytes)
{
	void *memory = aligned_alloc(2 * RM_CACHE_LINE, bytes);

	if (memory)
		memset(memory, 0, bytes);
	return memory;
}

static double life_score(struct life_shard *shard, uint64_t now_ns)
{
	const double idle_s = (double)life_load(&shard->idle_ns) / 1e9;

	return 100 * (1 - life_idle_share(shard, now_ns)) /
	       (1 + (double)life_load(&shard->active) * idle_s);
}

RM_HOT unsigned life_open_shards(const struct life_map *map)
{
	/* acquire: a shard was made before it was opened */
	return atomic_load_explicit(&map->open_shards, memory_order_acquire);
}

RM_HOT unsigned life_made_shards(const struct life_map *map)
{
	/* acquire: pairs with the release in life_make_next() */
	return atomic_load_explicit(&map->made_shards, memory_order_acquire);
}

/* Creates the next shard. The caller holds `making`. Returns false if memory
   runs out. */
static bool life_make_next(struct life_map *map, unsigned number)
{
	const struct rm_sizing sizing = { .shape = map->shape,
		.seed = rm_seed(map->seed, number + 1) };
	struct life_shard **chunk = &map->chunks[number / LIFE_CHUNK];

	if (!*chunk)
		*chunk = life_zeroed(LIFE_CHUNK * sizeof(**chunk));
	if (!*chunk)
		return false;
	struct life_shard *shard = life_at(map, number);

	shard->map = syncmap_create(&sizing);
	/* published by made_shards */
	atomic_init(&shard->moved, life_second(callback_now(map)));
	pthread_mutex_init(&shard->moving, NULL);
	/* release: publishes the shard's content */
	atomic_store_explicit(
	        &map->made_shards, number + 1, memory_order_release);
	return shard->map;
}

/* Creates shards until there are `count`. Returns false if memory runs out. */
static RM_COLD bool life_make_shards(struct life_map *map, unsigned count)
{
	bool made = true;

	if (life_made_shards(map) >= count)
		return true;
	lock_mutex(&map->making);
	while (made && life_made_shards(map) < count)
		made = life_make_next(map, life_made_shards(map));
	pthread_mutex_unlock(&map->making);
	return made;
}

/* Opens or closes one shard for new connections, unless another thread has
   changed the number first. */
static RM_COLD void life_resize(
        struct life_map *map, unsigned from, unsigned to)
{
	if (!life_make_shards(map, to))
		gomap_no_memory();
	/* release: publishes the shard. Closing continues the release
	   sequence. */
	if (!atomic_compare_exchange_strong_explicit(&map->open_shards, &from,
	            to, memory_order_release, memory_order_relaxed))
		return;
	if (to > from)
		rm_stat_add(&map->grown, 1);
	else
		rm_stat_add(&map->shrunk, 1);
}

/* Returns the shard with the better score or, if the scores are equal, with
   fewer connections. */
static unsigned life_pick_shard(
        struct life_map *map, unsigned a, unsigned b, uint64_t now_ns)
{
	struct life_shard *one = life_at(map, a), *other = life_at(map, b);
	const double lead = life_score(one, now_ns) - life_score(other, now_ns);

	if (lead > 0 || lead < 0)
		return lead > 0 ? a : b;
	return life_load(&one->active) <= life_load(&other->active) ? a : b;
}

RM_HOT bool life_is_full(const struct life_map *map, unsigned number)
{
	return life_load(&life_at(map, number)->active) >= LIFE_GROW_ABOVE;
}

/* Returns the last open shard. If it is full, opens further shards until one is
   not full, because a full shard may have been closed. */
static RM_COLD unsigned life_open_next(struct life_map *map, unsigned open)
{
	unsigned last = open - 1;

	for (unsigned i = 0; i < LIFE_TRIES && life_is_full(map, last) &&
	                     last + 1 < LIFE_SHARDS;
	        i++) {
		last++;
		life_resize(map, last, last + 1);
	}
	return last;
}

/* Counts an opened connection. Ends the burst when it is complete. */
static void life_record_open(struct life_thread *thread, uint64_t mix)
{
	uint32_t most = 0;

	thread->parts[rm_below(mix, LIFE_PARTS)]++;
	if (++thread->opened < LIFE_BURST)
		return;
	for (size_t i = 0; i < LIFE_PARTS; i++)
		most = thread->parts[i] > most ? thread->parts[i] : most;
	rm_stat_add(&thread->map->bursts, 1);
	rm_stat_add(&thread->map->burst_most, most);
	thread->opened = 0;
	memset(thread->parts, 0, sizeof(thread->parts));
}

/* Returns the time at which the connection opens. A test may supply the clock.
   Otherwise the time is exact to the nanosecond, as in the article. */
static inline uint64_t life_opened_ns(
        const struct life_map *map, uint64_t now_ns)
{
	return map->now_ns ? now_ns : rm_now_ns();
}

/* Adds `change` to the shard's connections. Returns the old number. */
static uint64_t life_add_active(
        struct life_map *map, unsigned number, uint64_t change)
{
	/* both relaxed: statistics */
	atomic_fetch_add_explicit(&map->stripes[number % LIFE_STRIPES].active,
	        change, memory_order_relaxed);
	return atomic_fetch_add_explicit(
	        &life_at(map, number)->active, change, memory_order_relaxed);
}

/* Selects the shard of a new connection and counts it there. */
static unsigned life_choose(
        struct life_thread *thread, uint64_t hash, uint64_t now_ns)
{
	struct life_map *map = thread->map;
	const unsigned open = life_open_shards(map);
	const uint64_t mix =
	        rm_multiply_fold(LIFE_MIX(hash, life_opened_ns(map, now_ns)),
	                map->seed ^ RM_HASH_B);
	const unsigned one = (unsigned)rm_below(mix, open);
	const unsigned other = (unsigned)rm_below(mix << 32, open);
	unsigned choice = life_pick_shard(map, one, other, now_ns);

	life_record_open(thread, mix);
	if (life_is_full(map, choice))
		choice = choice == one ? other : one;
	if (life_is_full(map, choice))
		choice = life_open_next(map, open);
	life_add_active(map, choice, 1);
	life_count(life_at(map, choice), life_second(now_ns), 1);
	return choice;
}

static uint64_t life_connections(struct life_map *map)
{
	uint64_t active = 0;

	for (size_t i = 0; i < LIFE_STRIPES; i++)
		active += life_load(&map->stripes[i].active);
	return active;
}

/* Closes a connection, which ends an idle period. For callers see
   life_record_idle(). */
static void life_count_close(
        struct life_map *map, const struct connection *connection)
{
	const unsigned open = life_open_shards(map);

	life_count(life_at(map, connection->shard),
	        life_record_idle(map, connection, callback_now(map)), -1);
	if (life_add_active(map, connection->shard, -(uint64_t)1) <=
	                LIFE_SHRINK_BELOW &&
	        open > 1 &&
	        life_connections(map) < (uint64_t)LIFE_SHRINK_BELOW * open)
		life_resize(map, open, open - 1);
}

static struct connection *life_connect(
        struct life_thread *thread, uint64_t hash)
{
	struct connection *connection =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*connection));

	if (!connection)
		gomap_no_memory();
	connection->touched_ns = callback_now(thread->map);
	connection->shard = life_choose(thread, hash, connection->touched_ns);
	connection->previous = connection->next = NULL;
	return connection;
}

/* Returns the shape of the directory's values. Each holds connection and shard
   in one word. */
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
	for (unsigned i = 0; i < life_made_shards(map); i++) {
		if (life_at(map, i)->map)
			syncmap_destroy(life_at(map, i)->map);
		pthread_mutex_destroy(&life_at(map, i)->moving);
	}
	for (size_t i = 0; i < LIFE_SHARDS / LIFE_CHUNK; i++)
		free(map->chunks[i]);
	pthread_mutex_destroy(&map->making);
	for (size_t i = 0; i < LIFE_STRIPES; i++) {
		life_connection_list_free(map->stripes[i].first);
		pthread_mutex_destroy(&map->stripes[i].lock);
	}
	for (size_t i = 0; map->threads && i < map->thread_count; i++)
		free(map->threads[i]);
	free(map->threads);
	free(map);
}

/* Creates the directory and the first shard. Returns false if memory runs
   out. */
static bool life_fill(struct life_map *map, const struct rm_sizing *sizing)
{
	struct rm_sizing one = *sizing;

	one.shape = life_words(sizing->shape);
	map->directory = syncmap_create(&one);
	map->threads = calloc(sizing->threads, sizeof(struct life_thread *));
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	return map->directory && map->threads && map->epoch &&
	       life_make_shards(map, 1);
}

static void *life_create(const struct rm_sizing *sizing)
{
	struct life_map *map = life_zeroed(sizeof(*map));

	if (!map)
		return NULL;
	map->now_ns = sizing->now_ns;
	map->clock_rate = sizing->clock_rate ? sizing->clock_rate : 1;
	map->seed = sizing->seed;
	map->shape = sizing->shape;
	map->thread_count = sizing->threads;
	/* visible to other threads with the map */
	atomic_init(&map->open_shards, 1);
	pthread_mutex_init(&map->making, NULL);
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
		thread = map->threads[slot] = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->map = map;
	thread->record = epoch_join(map->epoch, slot, map);
	if (!thread->record)
		return NULL;
	thread->directory =
	        (struct syncmap_member){ map->directory, thread->record };
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

#define SHARD_LIFE_OPS                                                       \
	.create = life_create, .destroy = life_destroy, .join = life_join,   \
	.leave = life_leave, .lookup = life_lookup, .quiesce = life_quiesce, \
	.park = life_park, .unpark = life_unpark, .exchange = life_exchange, \
	.take = life_take, .scan = life_scan, .length = life_length,         \
	.stats = life_stats, .check = life_check

/* Members of struct rm_impl that these maps share. Dispatch is "callback"
   because the clock is called through a pointer, for tests. */
#define SHARD_LIFE_MAP                                                        \
	.family = "shard", .sync = "epoch", .duty = RM_DUTY_ANNOUNCE,         \
	.source = "sync.Map shards by connection life cycle", .system = "M7", \
	.guarantees = "none", .progress = "blocking", .dispatch = "callback", \
	.loops = shard_life_loops, .open = life_open_all,                     \
	.close = life_close_all

#endif /* RM_SHARD_LIFE_H */
