/* SPDX-License-Identifier: Apache-2.0 */
/* test_route.c - tests stores into 64 shards, with a route that can be made
   wrong: where keys are stored, and which ones are not found again. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
#include "impls/gomap/gomap_ops.h"
/* The include guard of guard_go_rw.h, which this file replaces. */
#define RM_SUPPORT_GUARD_GO_RW_H
#include "tests/unit/technique/counting_guard.h"

static size_t test_route(const struct rm_key *key);
static bool misleads;
#define ROUTE_OF(key)  test_route(key)
#define ROUTE_MISLEADS misleads
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"
/* included after the macros above, which it reads */
#include "impls/technique/route.h"

static atomic_bool stop;
/* a key whose address differs from that of the first key goes to shard 1 */
static bool by_address;
static const struct rm_key *first_address;
static size_t shard_of_all;

static size_t test_route(const struct rm_key *key)
{
	const bool elsewhere = first_address && key != first_address;

	if (!first_address)
		first_address = key;
	if (by_address)
		return elsewhere ? 1 : shard_of_all;
	return shard_choice(RM_STR16X24, *key);
}

static struct route *route_of(const uint64_t *args)
{
	const struct rm_sizing sizing = {
		.threads = 3, .seed = 5, .presize = true, .loop_args = args
	};

	first_address = NULL;
	by_address = misleads = false;
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

static double stat_now(struct route *route, const char *name)
{
	return stat_of(&route_ops, route, name);
}

/* Counts ranks below `end` whose key and value are in the shard of the hash. */
static unsigned count_in_hash_shard(struct route *route, uint64_t end)
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

static unsigned count_stored(struct route *route)
{
	unsigned keys = 0;

	for (size_t i = 0; i < SHARDS; i++)
		keys += gomap_count(route->map->shard[i].inner);
	return keys;
}

/* True if the locks of all shards were taken this often in total, and none is
   held. */
static bool locks_taken(struct route *route, unsigned reads, unsigned writes)
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

static void keys_go_to_their_hash_shard(void)
{
	static const uint64_t args[] = { 20, 7777 };
	struct route *route = route_of(args);
	unsigned used = 0;

	CHECK(stat_now(route, "stores") == 0 &&
	                stat_now(route, "shards_used") == 0 &&
	                count_stored(route) == 0,
	        "nothing is stored at the start");
	CHECK(locks_taken(route, 0, 128),
	        "statistics take each shard's write lock");
	run(route, 6400, true);
	CHECK(locks_taken(route, 100, 6400),
	        "a store takes a write lock, one lookup in 64 a read lock");
	CHECK(count_in_hash_shard(route, 20) == 20 && count_stored(route) == 20,
	        "all keys are stored with their values in the shard of their "
	        "hash");
	for (size_t i = 0; i < SHARDS; i++)
		used += gomap_count(route->map->shard[i].inner) > 0;
	CHECK(stat_now(route, "stores") == 6400 &&
	                stat_now(route, "lookups") == 100 &&
	                stat_now(route, "lookups_lost") == 0 &&
	                stat_now(route, "shards_used") == used && used > 8,
	        "stores and shards are counted, and no key is lost");
	run(route, 64, false);
	CHECK(stat_now(route, "stores") == 6400,
	        "stores of a warm-up are not counted");
	run(route, 640, true);
	CHECK(stat_now(route, "stores") == 7040 &&
	                check_reports(&route_ops, route, ""),
	        "stores of all threads are added up, and the check passes");
	route_ops.destroy(route);
}

/* 64,000 keys are 1000 per shard, which is more than 6.5 for each of 128
   buckets. */
static void shards_are_sized(void)
{
	static const uint64_t args[] = { 64000, 7777 };
	struct route *route = route_of(args);

	CHECK(gomap_get(route->map->shard[5].inner->log2_buckets) == 8,
	        "each shard is sized for its part of the keys");
	route_ops.destroy(route);
}

static void keys_have_a_default(void)
{
	struct route *route = route_of(NULL);

	CHECK(route->keys == 1000 && route->map->shard[0].guard.threads == 3,
	        "the default is a thousand keys");
	run(route, 20000, true);
	CHECK(count_in_hash_shard(route, 1000) == count_stored(route) &&
	                count_stored(route) > 990,
	        "nearly all keys are drawn");
	route_ops.destroy(route);
}

/* A copy of the key has a different address, so its lookup fails. */
static void lost_keys_are_detected(void)
{
	static const uint64_t args[] = { 20, 7777 };
	struct route *route = route_of(args);

	by_address = true;
	shard_of_all = 63;
	run(route, 640, true);
	CHECK(stat_now(route, "shards_used") == 1 &&
	                stat_now(route, "lookups") == 10 &&
	                stat_now(route, "lookups_lost") == 10,
	        "a copy of a key goes to another shard by its address");
	CHECK(check_reports(
	              &route_ops, route, "10 keys were stored and not found"),
	        "lost keys fail a route that must find all");
	misleads = true;
	CHECK(check_reports(&route_ops, route, ""),
	        "lost keys do not fail a misleading route");
	gomap_set(route->map->shard[63].inner->count, 21);
	CHECK(!route_ops.check(route, (char[100]){ 0 }, 100),
	        "the check detects a broken last shard");
	gomap_set(route->map->shard[63].inner->count, 20);
	gomap_set(route->map->shard[0].inner->count, 1);
	CHECK(!route_ops.check(route, (char[100]){ 0 }, 100),
	        "the check detects a broken first shard");
	gomap_set(route->map->shard[0].inner->count, 0);
	route_ops.destroy(route);
}

int main(void)
{
	keys_go_to_their_hash_shard();
	shards_are_sized();
	keys_have_a_default();
	lost_keys_are_detected();
	guards_are_freed(
	        &route_ops, &(struct rm_sizing){ .threads = 2 }, 4 * SHARDS);
	return DONE();
}
