/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth.c - concurrent inserts of new keys into a map that starts small, as
 * a rolling window: what was inserted stays there until its owner removes it.
 */
#include "verify/check/internal.h"

#include <stdlib.h>

enum { WINDOW = 512 }; /* resident keys per thread */

struct field {
	uint64_t inserts; /* per thread */
	unsigned writers;
	bool rolling; /* remove the oldest: same size; else only growth */
	_Atomic uint64_t *reached; /* [threads]: ranks that thread inserted */
};

/* The n-th rank of a thread: ranks of all threads differ and interleave. */
static uint64_t rank_of(const struct rm_peer *peer, unsigned slot, uint64_t n)
{
	return n * peer->peers->threads + slot;
}

static void add(struct rm_peer *peer, uint64_t rank)
{
	if (rm_peer_upsert(peer, rank, rm_peer_value(peer, rank)))
		rm_peer_fail(peer, "upsert of new rank %llu said present",
		        (unsigned long long)rank);
}

static void away(struct rm_peer *peer, uint64_t rank)
{
	if (!rm_peer_remove(peer, rank))
		rm_peer_fail(peer, "remove missed rank %llu, which is held",
		        (unsigned long long)rank);
}

static void present(struct rm_peer *peer, uint64_t rank, const char *whose)
{
	struct rm_value value;

	if (rm_peer_lookup(peer, rank, &value))
		rm_peer_verify(peer, &value, rank, "lookup");
	else
		rm_peer_fail(peer, "lookup missed rank %llu, which %s inserted",
		        (unsigned long long)rank, whose);
}

/* A key that another thread has inserted and, without a rolling window,
   never removes. A map that may be late need not have heard of it. */
static void visit(struct rm_peer *peer, const struct field *field)
{
	const bool late = peer->peers->c->impl->caps & RM_CAP_STALE;
	uint64_t x = rm_next(&peer->rng);
	unsigned slot = (unsigned)(x % field->writers);
	/* acquire: pairs with the release in grow() */
	uint64_t reached = atomic_load_explicit(
	        &field->reached[slot], memory_order_acquire);

	if (reached && !field->rolling && !late)
		present(peer, rank_of(peer, slot, (x >> 16) % reached),
		        "another thread");
}

static void grow(struct rm_peer *peer)
{
	struct field *field = peer->peers->context;
	const bool may_write = peer->slot < field->writers;

	for (uint64_t n = 0; n < field->inserts && rm_peer_another(peer); n++) {
		visit(peer, field);
		if (!may_write)
			continue;
		add(peer, rank_of(peer, peer->slot, n));
		if (field->rolling && n >= WINDOW)
			away(peer, rank_of(peer, peer->slot, n - WINDOW));
		uint64_t low =
		        field->rolling && n >= WINDOW ? n - WINDOW + 1 : 0;
		uint64_t at = low + rm_next(&peer->rng) % (n - low + 1);

		present(peer, rank_of(peer, peer->slot, at), "this thread");
		/* release: whoever sees the number finds the keys */
		atomic_store_explicit(&field->reached[peer->slot], n + 1,
		        memory_order_release);
	}
}

/* Each thread's last keys are there, its older ones are not. */
static void harvest(struct rm_peer *peer)
{
	const struct field *field = peer->peers->context;
	/* relaxed: its own number */
	const uint64_t inserted = atomic_load_explicit(
	        &field->reached[peer->slot], memory_order_relaxed);
	const uint64_t first =
	        field->rolling && inserted > WINDOW ? inserted - WINDOW : 0;

	for (uint64_t n = 0; n < inserted && rm_peer_tick(peer); n++) {
		struct rm_value value;
		uint64_t rank = rank_of(peer, peer->slot, n);

		if (n >= first)
			present(peer, rank, "this thread");
		else if (rm_peer_lookup(peer, rank, &value))
			rm_peer_fail(peer, "removed rank %llu is there",
			        (unsigned long long)rank);
	}
}

/* Of all threads: what they hold must not be more the longer a round is. */
enum { KEYS_MOST = 1 << 21, VALUES_MOST_BYTES = 1 << 26 };

/* A map that copies all for each write needs O(n^2) for n inserts, hence
   1000 at most. Presized maps shall hold as many without growing; the others
   pass every edge of growth on their way. */
static int one_field(const struct rm_check_case *c, bool rolling, bool presize,
        struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	struct field field = { .rolling = rolling,
		.writers = rm_case_writers(c, false),
		.reached = calloc(threads, sizeof(*field.reached)),
		.inserts = rm_case_ops(c) / threads / 8 + 1 };
	const struct rm_case_phase phases[] = { { threads, grow },
		{ threads, harvest }, { 0 } };
	uint64_t held = VALUES_MOST_BYTES / c->shape.value_bytes;
	size_t keys;
	int code = -1;

	if (held > KEYS_MOST)
		held = KEYS_MOST;
	if (c->impl->caps & RM_CAP_SLOW_WRITES && field.inserts > 1000)
		field.inserts = 1000;
	if (!rolling && field.inserts > held / threads + 1)
		field.inserts = held / threads + 1;
	keys = rolling ? WINDOW + 1 : field.inserts;
	if (field.reached)
		code = rm_case_play(
		        c, keys * threads, presize, phases, &field, error);
	else
		rm_error_set(error, -1, "out of memory");
	free(field.reached);
	return code;
}

int rm_check_growth(const struct rm_check_case *c, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (one_field(c, i & 1, i & 2, error))
			return -1;
	return 0;
}
