/* SPDX-License-Identifier: Apache-2.0 */
/* atomic.c - conditional operations under contention: if several threads
 * insert_if_absent one key, exactly one inserts; no increment by update or
 * compare_swap is lost. */
#include "verify/check/internal.h"

enum { KEYS = 4, ROUND_KEYS = 512 };

/* Returns a value that is used as a counter: the low bits contain the tag of
 * its rank, the bits above the count. */
static struct rm_value counter_value(uint64_t rank, uint64_t count)
{
	return rm_value_of(rank, 0, count);
}

static uint64_t counter_of(const struct rm_value *value)
{
	return value->word[0] >> 44;
}

struct race {
	uint64_t ops;                          /* operations of each thread */
	_Atomic uint64_t inserted[ROUND_KEYS]; /* inserts per rank */
	_Atomic uint64_t added[KEYS];          /* increments per rank */
};

/* All threads insert the ranks in the same order, so that they collide. */
static void insert_all(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;

	for (uint64_t i = 0; i < ROUND_KEYS && rm_peer_tick(peer); i++) {
		struct rm_value value = rm_peer_value(peer, i);
		struct rm_value present;
		struct rm_key key = rm_peer_key(peer, i);

		if (peer->ops->insert_if_absent(
		            peer->thread, peer->shape, key, &value, &present))
			rm_peer_verify(peer, &present, i, "insert_if_absent");
		else
			/* relaxed: read after the threads were joined */
			atomic_fetch_add_explicit(
			        &race->inserted[i], 1, memory_order_relaxed);
	}
}

static void check_winners(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;

	for (uint64_t i = 0; i < ROUND_KEYS; i++) {
		/* relaxed: all writers have been joined */
		uint64_t inserted = atomic_load_explicit(
		        &race->inserted[i], memory_order_relaxed);

		if (inserted != 1)
			rm_peer_fail(peer,
			        "insert_if_absent of rank %llu inserted %llu "
			        "times",
			        (unsigned long long)i,
			        (unsigned long long)inserted);
	}
}

static void remove_all(struct rm_peer *peer)
{
	for (uint64_t i = 0; i < ROUND_KEYS; i++)
		rm_peer_remove(peer, i);
}

static void reset_counters(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++) {
		struct rm_value value = counter_value(rank, 0);

		rm_peer_upsert(peer, rank, value);
	}
}

static void check_counters(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;
	/* counts are stored modulo 2^20 */
	const uint64_t mask = (1U << 20) - 1;

	for (uint64_t rank = 0; rank < KEYS; rank++) {
		struct rm_value value = { { 0 } };
		/* relaxed: all writers have been joined */
		uint64_t added = atomic_load_explicit(
		        &race->added[rank], memory_order_relaxed);
		bool was_there = rm_peer_lookup(peer, rank, &value);

		if (!was_there || counter_of(&value) != (added & mask))
			rm_peer_fail(peer,
			        "counter %llu holds %llu after %llu increments",
			        (unsigned long long)rank,
			        (unsigned long long)counter_of(&value),
			        (unsigned long long)added);
	}
}

static void swap_counters(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;

	for (uint64_t n = 0; n < race->ops && rm_peer_tick_in_time(peer); n++) {
		uint64_t rank = rm_next(&peer->rng) % KEYS;
		struct rm_key key = rm_peer_key(peer, rank);
		struct rm_value old = { { 0 } };

		peer->ops->lookup(peer->thread, peer->shape, key, &old);
		rm_peer_verify(peer, &old, rank, "lookup");
		struct rm_value value =
		        counter_value(rank, counter_of(&old) + 1);

		if (peer->ops->compare_swap(
		            peer->thread, peer->shape, key, &old, &value))
			/* relaxed: read after the threads were joined */
			atomic_fetch_add_explicit(
			        &race->added[rank], 1, memory_order_relaxed);
	}
}

static bool increment(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	const uint64_t *rank = context;

	*value = counter_value(*rank, old ? counter_of(old) + 1 : 1);
	return true;
}

/* All threads increment each rank once, in the same order. Exactly one must
 * find the key absent. */
static void update_all(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;

	for (uint64_t i = 0; i < ROUND_KEYS && rm_peer_tick(peer); i++)
		if (!peer->ops->update(peer->thread, peer->shape,
		            rm_peer_key(peer, i), increment, &i))
			/* relaxed: read after the threads were joined */
			atomic_fetch_add_explicit(
			        &race->inserted[i], 1, memory_order_relaxed);
}

static void check_updated(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;
	const unsigned threads = rm_case_writers(peer->peers->c, false);

	for (uint64_t i = 0; i < ROUND_KEYS; i++) {
		struct rm_value value = { { 0 } };
		/* relaxed: all writers have been joined */
		uint64_t inserted = atomic_load_explicit(
		        &race->inserted[i], memory_order_relaxed);
		bool was_there = rm_peer_lookup(peer, i, &value);

		if (inserted != 1)
			rm_peer_fail(peer,
			        "update of rank %llu found it absent %llu "
			        "times",
			        (unsigned long long)i,
			        (unsigned long long)inserted);
		if (!was_there || counter_of(&value) != threads)
			rm_peer_fail(peer,
			        "rank %llu was absent, but holds %llu after "
			        "one update by each of %u threads",
			        (unsigned long long)i,
			        (unsigned long long)counter_of(&value),
			        threads);
	}
}

static void update_counters(struct rm_peer *peer)
{
	struct race *race = peer->peers->context;

	for (uint64_t n = 0; n < race->ops && rm_peer_tick_in_time(peer); n++) {
		uint64_t rank = rm_next(&peer->rng) % KEYS;

		peer->ops->update(peer->thread, peer->shape,
		        rm_peer_key(peer, rank), increment, &rank);
		/* relaxed: read after the threads were joined */
		atomic_fetch_add_explicit(
		        &race->added[rank], 1, memory_order_relaxed);
	}
}

static int run_counters(const struct rm_check_case *c, void *map,
        rm_peer_fn *fn, struct race *race, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { 1, reset_counters },
		{ rm_case_writers(c, true), fn }, { 1, check_counters },
		{ 0 } };

	memset(race->added, 0, sizeof(race->added));
	return rm_case_phases(c, map, phases, race, error);
}

/* Repeats races in which exactly one thread must find each key absent. */
static int run_races(const struct rm_check_case *c, void *map, rm_peer_fn *fn,
        rm_peer_fn *check, struct race *race, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { rm_case_writers(c, false),
		                                        fn },
		{ 1, check }, { 1, remove_all }, { 0 } };
	const uint64_t rounds = race->ops * c->threads / ROUND_KEYS + 1;
	int code = 0;

	for (uint64_t i = 0;
	        i < rounds && i < 64 && !code && rm_case_has_time(c, i); i++) {
		memset(race->inserted, 0, sizeof(race->inserted));
		code = rm_case_phases(c, map, phases, race, error);
	}
	return code;
}

int rm_check_atomic(const struct rm_check_case *c, struct rm_error *error)
{
	const struct rm_map_ops *ops = c->impl->ops;
	struct race race = { .ops = rm_case_ops(c) / c->threads / 4 + 1 };
	void *map = rm_case_create(c, ROUND_KEYS, c->seed & 1, error);
	int code = 0;

	if (!map)
		return -1;
	if (ops->insert_if_absent)
		code = run_races(
		        c, map, insert_all, check_winners, &race, error);
	if (!code && ops->update)
		code = run_races(
		        c, map, update_all, check_updated, &race, error);
	if (!code && ops->compare_swap)
		code = run_counters(c, map, swap_counters, &race, error);
	if (!code && ops->update)
		code = run_counters(c, map, update_counters, &race, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}
