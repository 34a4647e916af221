/* SPDX-License-Identifier: Apache-2.0 */
/* growth.c - concurrent inserts of new keys into a map that starts small.
 * Keys either stay in the map, or each thread removes its oldest key after a
 * number of newer inserts. */
#include "verify/check/internal.h"

#include <stdlib.h>

enum { WINDOW = 512 }; /* resident keys per thread */

struct growth_run {
	uint64_t inserts; /* inserts of each thread */
	unsigned writers;
	/* true: remove the oldest key, so that the size stays constant; false:
	 * grow */
	bool rolling;
	_Atomic uint64_t
	        *reached; /* number of keys that each thread inserted */
};

/* Returns the n-th rank of a thread; ranks of different threads interleave. */
static uint64_t rank_of(const struct rm_peer *peer, unsigned slot, uint64_t n)
{
	return n * peer->peers->threads + slot;
}

static void insert_rank(struct rm_peer *peer, uint64_t rank)
{
	if (rm_peer_upsert(peer, rank, rm_peer_value(peer, rank)))
		rm_peer_fail(peer, "upsert of new rank %llu returned present",
		        (unsigned long long)rank);
}

static void remove_rank(struct rm_peer *peer, uint64_t rank)
{
	if (!rm_peer_remove(peer, rank))
		rm_peer_fail(peer, "remove missed rank %llu, which is present",
		        (unsigned long long)rank);
}

static void require_present(
        struct rm_peer *peer, uint64_t rank, const char *whose)
{
	struct rm_value value;

	if (rm_peer_lookup(peer, rank, &value))
		rm_peer_verify(peer, &value, rank, "lookup");
	else
		rm_peer_fail(peer, "lookup missed rank %llu, which %s inserted",
		        (unsigned long long)rank, whose);
}

/* Looks up a key that another thread has inserted. The key must be present if
 * the map grows, because then no key is removed, unless the map's lookups may
 * return old state. */
static void lookup_other_thread(
        struct rm_peer *peer, const struct growth_run *growth_run)
{
	const bool late = peer->peers->c->impl->caps & RM_CAP_STALE;
	uint64_t x = rm_next(&peer->rng);
	unsigned slot = (unsigned)(x % growth_run->writers);
	/* acquire: pairs with the release in grow() */
	uint64_t reached = atomic_load_explicit(
	        &growth_run->reached[slot], memory_order_acquire);

	if (reached && !growth_run->rolling && !late)
		require_present(peer, rank_of(peer, slot, (x >> 16) % reached),
		        "another thread");
}

static void grow(struct rm_peer *peer)
{
	struct growth_run *growth_run = peer->peers->context;
	const bool may_write = peer->slot < growth_run->writers;

	for (uint64_t n = 0;
	        n < growth_run->inserts && rm_peer_tick_in_time(peer); n++) {
		lookup_other_thread(peer, growth_run);
		if (!may_write)
			continue;
		insert_rank(peer, rank_of(peer, peer->slot, n));
		if (growth_run->rolling && n >= WINDOW)
			remove_rank(
			        peer, rank_of(peer, peer->slot, n - WINDOW));
		uint64_t low =
		        growth_run->rolling && n >= WINDOW ? n - WINDOW + 1 : 0;
		uint64_t at = low + rm_next(&peer->rng) % (n - low + 1);

		require_present(
		        peer, rank_of(peer, peer->slot, at), "this thread");
		/* release: threads that read this number must find the inserted
		 * keys */
		atomic_store_explicit(&growth_run->reached[peer->slot], n + 1,
		        memory_order_release);
	}
}

/* Requires that each thread's last keys are present and its older ones
 * absent. */
static void check_final_keys(struct rm_peer *peer)
{
	const struct growth_run *growth_run = peer->peers->context;
	/* relaxed: only this thread writes it */
	const uint64_t inserted = atomic_load_explicit(
	        &growth_run->reached[peer->slot], memory_order_relaxed);
	const uint64_t first = growth_run->rolling && inserted > WINDOW
	                               ? inserted - WINDOW
	                               : 0;

	for (uint64_t n = 0; n < inserted && rm_peer_tick(peer); n++) {
		struct rm_value value;
		uint64_t rank = rank_of(peer, peer->slot, n);

		if (n >= first)
			require_present(peer, rank, "this thread");
		else if (rm_peer_lookup(peer, rank, &value))
			rm_peer_fail(peer, "removed rank %llu is present",
			        (unsigned long long)rank);
	}
}

/* Limits for all threads together, so that memory does not grow with the length
 * of the round. */
enum { KEYS_MAX = 1 << 21, VALUES_MAX_BYTES = 1 << 26 };

/* A map that copies itself for each write needs O(n^2) time for n inserts, so
 * it gets at most 1000. Presized maps must hold all keys without growing;
 * other maps grow through every size. */
static int run_growth(const struct rm_check_case *c, bool rolling, bool presize,
        struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	struct growth_run growth_run = { .rolling = rolling,
		.writers = rm_case_writers(c, false),
		.reached = calloc(threads, sizeof(*growth_run.reached)),
		.inserts = rm_case_ops(c) / threads / 8 + 1 };
	const struct rm_case_phase phases[] = { { threads, grow },
		{ threads, check_final_keys }, { 0 } };
	uint64_t keys_max = VALUES_MAX_BYTES / c->shape.value_bytes;
	size_t keys;
	int code = -1;

	if (keys_max > KEYS_MAX)
		keys_max = KEYS_MAX;
	if (c->impl->caps & RM_CAP_SLOW_WRITES && growth_run.inserts > 1000)
		growth_run.inserts = 1000;
	if (!rolling && growth_run.inserts > keys_max / threads + 1)
		growth_run.inserts = keys_max / threads + 1;
	keys = rolling ? WINDOW + 1 : growth_run.inserts;
	if (growth_run.reached)
		code = rm_case_play(
		        c, keys * threads, presize, phases, &growth_run, error);
	else
		rm_error_set(error, -1, "out of memory");
	free(growth_run.reached);
	return code;
}

int rm_check_growth(const struct rm_check_case *c, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (run_growth(c, i & 1, i & 2, error))
			return -1;
	return 0;
}
