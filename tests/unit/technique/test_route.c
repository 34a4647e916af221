/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_route.c - stores into 64 shards, by a way of choosing that the test
 * leads astray: what is stored where, and what is not found again.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#include "impls/gomap/gomap_ops.h"
/* In place of guard_go_rw.h, whose name is taken. */
#define RM_SUPPORT_GUARD_GO_RW_H
#include "tests/unit/technique/counting_guard.h"

static size_t way(const struct rm_key *key);
static bool misleads;
#define ROUTE_OF(key)  way(key)
#define ROUTE_MISLEADS misleads
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_says.h"
/* after those, whose arguments are called as what it has */
#include "impls/technique/route.h"

static atomic_bool stop;
static bool by_place; /* a key that is not where the last one was goes to 1 */
static const struct rm_key *place;
static size_t shard_of_all;

static size_t way(const struct rm_key *key)
{
	const bool elsewhere = place && key != place;

	if (!place)
		place = key;
	if (by_place)
		return elsewhere ? 1 : shard_of_all;
	return shard_choice(RM_STR16X24, *key);
}

static struct route *route_of(const uint64_t *args)
{
	const struct rm_sizing sizing = {
		.threads = 3, .seed = 5, .presize = true, .loop_args = args
	};

	place = NULL;
	by_place = misleads = false;
	return route_ops.create(&sizing);
}

static void run(struct route *route, uint64_t stores, bool measured)
{
	struct rm_worker worker = { .thread = route_ops.join(route, 0),
		.rng = 11,
		.stop = &stop,
		.measured = measured,
		.iterations_limit = stores };

	route_loops[0].run(&worker);
}

static double said(struct route *route, const char *name)
{
	return stat_of(&route_ops, route, name);
}

/* How many of the ranks below `end` are in the shard of their hash, with the
   value of the rank. */
static unsigned in_place(struct route *route, uint64_t end)
{
	unsigned right = 0;

	for (uint64_t rank = 0; rank < end; rank++) {
		struct rm_key_bytes room;
		const struct rm_key key = rm_key_of(RM_STR16X24, rank, &room);
		const struct rm_value wanted = rm_value_of(rank, 0, 0);
		struct rm_value value;

		right += gomap_lookup(route->map
		                              ->shard[rm_fnv1a_shard(
		                                      RM_STR16X24, key, 64)]
		                              .inner,
		                 RM_STR16X24, key, &value) &&
		         !memcmp(&value, &wanted, 24);
	}
	return right;
}

static unsigned stored(struct route *route)
{
	unsigned keys = 0;

	for (size_t i = 0; i < SHARDS; i++)
		keys += gomap_count(route->map->shard[i].inner);
	return keys;
}

/* Whether so many took the locks of all shards, and all have gone. */
static bool took(struct route *route, unsigned reads, unsigned writes)
{
	unsigned read = 0, wrote = 0;
	int inside = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		struct guard *guard = &route->map->shard[i].guard;

		read += guard->reads;
		wrote += guard->writes;
		inside += guard->inside;
		guard->reads = guard->writes = 0;
	}
	return read == reads && wrote == writes && !inside;
}

static void keys_go_where_their_hash_says(void)
{
	static const uint64_t args[] = { 20, 7777 };
	struct route *route = route_of(args);
	unsigned used = 0;

	CHECK(said(route, "stores") == 0 && said(route, "shards_used") == 0 &&
	                stored(route) == 0,
	        "at first nothing is stored");
	CHECK(took(route, 0, 128), "who asks is a writer, shard by shard");
	run(route, 6400, true);
	CHECK(took(route, 100, 6400),
	        "a store takes a lock to write, one look-up in 64 to read");
	CHECK(in_place(route, 20) == 20 && stored(route) == 20,
	        "all keys are stored, each with its own value in the shard "
	        "of its hash");
	for (size_t i = 0; i < SHARDS; i++)
		used += gomap_count(route->map->shard[i].inner) > 0;
	CHECK(said(route, "stores") == 6400 && said(route, "lookups") == 100 &&
	                said(route, "lookups_lost") == 0 &&
	                said(route, "shards_used") == used && used > 8,
	        "stores and shards are told, and none is lost");
	run(route, 64, false);
	CHECK(said(route, "stores") == 6400, "stores of a warm-up are not");
	run(route, 640, true);
	CHECK(said(route, "stores") == 7040 &&
	                check_says(&route_ops, route, ""),
	        "those of all threads are summed, and all adds up");
	route_ops.destroy(route);
}

/* 64,000 keys are a thousand to a shard: more than 6.5 to each of 128. */
static void shards_are_sized(void)
{
	static const uint64_t args[] = { 64000, 7777 };
	struct route *route = route_of(args);

	CHECK(gomap_get(route->map->shard[5].inner->log2_buckets) == 8,
	        "each shard is made for its part of the keys");
	route_ops.destroy(route);
}

static void keys_have_a_preset(void)
{
	struct route *route = route_of(NULL);

	CHECK(route->keys == 1000 && route->map->shard[0].guard.threads == 3,
	        "unasked there are a thousand keys");
	run(route, 20000, true);
	CHECK(in_place(route, 1000) == stored(route) && stored(route) > 990,
	        "of which all are drawn");
	route_ops.destroy(route);
}

/* A copy of the key lies elsewhere: its store is not found. */
static void what_is_lost_is_found(void)
{
	static const uint64_t args[] = { 20, 7777 };
	struct route *route = route_of(args);

	by_place = true;
	shard_of_all = 63;
	run(route, 640, true);
	CHECK(said(route, "shards_used") == 1 && said(route, "lookups") == 10 &&
	                said(route, "lookups_lost") == 10,
	        "from where it lies a copy of a key goes elsewhere");
	CHECK(check_says(
	              &route_ops, route, "10 keys were stored and not found"),
	        "which is a fault of a way that promises to find it");
	misleads = true;
	CHECK(check_says(&route_ops, route, ""), "and of no other");
	gomap_set(route->map->shard[63].inner->count, 21);
	CHECK(!route_ops.check(route, (char[100]){ 0 }, 100),
	        "a map that is broken is found, also the last");
	gomap_set(route->map->shard[63].inner->count, 20);
	gomap_set(route->map->shard[0].inner->count, 1);
	CHECK(!route_ops.check(route, (char[100]){ 0 }, 100), "and the first");
	gomap_set(route->map->shard[0].inner->count, 0);
	route_ops.destroy(route);
}

int main(void)
{
	keys_go_where_their_hash_says();
	shards_are_sized();
	keys_have_a_preset();
	what_is_lost_is_found();
	guards_are_given_back(
	        &route_ops, &(struct rm_sizing){ .threads = 2 }, 4 * SHARDS);
	return DONE();
}
