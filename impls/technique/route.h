/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - stores into 64 shards, with two ways to select the shard (article
 * S2, 4.3; claim S2-35): by a hash of the key, or by the address of the key.
 *
 * The includer first defines ROUTE_OF(key), which takes a pointer to the
 * caller's copy of the key, and ROUTE_MISLEADS, which is true if one key may go
 * to different shards.
 *
 * An iteration stores a random key. One in 64 iterations then looks the same
 * key up, using a copy of it a few words away, as if at another depth of calls.
 * Failures are counted. A hash must find all keys.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 64, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_guarded.h" /* for create() and destroy() */
#include "impls/technique/technique.h"

enum {
	ROUTE_PRESET_KEYS = 1000,
	ROUTE_LOOKUPS = 64, /* number of stores for each lookup */
	ROUTE_DEEPER = 5,   /* distance of the copy, in keys */
};

struct route {
	struct map *map;
	uint64_t keys;
	_Atomic uint64_t stores, lookups, lost;
};

static void route_destroy(void *opaque)
{
	struct route *route = opaque;

	if (route->map)
		destroy(route->map);
	free(route);
}

static void *route_create(const struct rm_sizing *sizing)
{
	struct route *route = technique_new(sizeof(*route));
	struct rm_sizing shards = *sizing;

	if (!route)
		return NULL;
	route->keys = technique_arg(sizing, 0, ROUTE_PRESET_KEYS);
	shards.keys = route->keys;
	shards.shape = RM_STR16X24;
	route->map = create(&shards);
	if (route->map)
		return route;
	route_destroy(route);
	return NULL;
}

static __attribute__((noinline)) void route_store(
        struct route *route, const struct rm_key *key, uint64_t rank)
{
	struct shard *shard = &route->map->shard[ROUTE_OF(key)];
	struct rm_value value = rm_value_of(rank, 0, 0);

	guard_write(&shard->guard);
	gomap_exchange(shard->inner, RM_STR16X24, *key, &value, NULL);
	guard_write_end(&shard->guard);
}

static __attribute__((noinline)) bool route_find(
        struct route *route, const struct rm_key *key)
{
	struct shard *shard = &route->map->shard[ROUTE_OF(key)];
	struct rm_value value;

	guard_read(&shard->guard, route->map);
	bool found = gomap_lookup(shard->inner, RM_STR16X24, *key, &value);
	guard_read_end(&shard->guard, route->map);
	return found;
}

static void route_run(struct rm_worker *worker)
{
	struct route *route = worker->thread;
	struct rm_key at[ROUTE_DEEPER + 1];
	uint64_t lookups = 0, lost = 0;

	while (technique_turn(worker)) {
		uint64_t rank = rm_below(rm_next(&worker->rng), route->keys);

		at[0] = rm_key_of(RM_STR16X24, rank, &worker->written);
		route_store(route, &at[0], rank);
		if (worker->counts.iterations % ROUTE_LOOKUPS)
			continue;
		at[ROUTE_DEEPER] = at[0];
		lost += !route_find(route, &at[ROUTE_DEEPER]);
		lookups++;
	}
	/* all relaxed: sums that are read after the threads have ended */
	if (worker->measured)
		atomic_fetch_add_explicit(&route->stores,
		        worker->counts.iterations, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &route->lookups, lookups, memory_order_relaxed);
	atomic_fetch_add_explicit(&route->lost, lost, memory_order_relaxed);
}

static void route_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct route *route = opaque;
	unsigned used = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		/* takes the write lock, because the caller has not joined */
		guard_write(&route->map->shard[i].guard);
		used += gomap_count(route->map->shard[i].inner) > 0;
		guard_write_end(&route->map->shard[i].guard);
	}
	/* all relaxed: sums that are read after the threads have ended */
	emit(context, "stores", "1",
	        (double)atomic_load_explicit(
	                &route->stores, memory_order_relaxed));
	emit(context, "lookups", "1",
	        (double)atomic_load_explicit(
	                &route->lookups, memory_order_relaxed));
	emit(context, "lookups_lost", "1",
	        (double)atomic_load_explicit(
	                &route->lost, memory_order_relaxed));
	emit(context, "shards_used", "1", used);
}

static bool route_check(void *opaque, char *why, size_t size)
{
	struct route *route = opaque;
	/* relaxed: no other thread uses the map */
	uint64_t lost =
	        atomic_load_explicit(&route->lost, memory_order_relaxed);

	for (size_t i = 0; i < SHARDS; i++)
		if (!gomap_check_report(route->map->shard[i].inner, why, size))
			return false;
	if (!lost || ROUTE_MISLEADS)
		return true;
	snprintf(why, size, "%llu keys were stored and not found",
	        (unsigned long long)lost);
	return false;
}

TECHNIQUE_TABLES(route, route_destroy, map_itself, "route", route_run)
