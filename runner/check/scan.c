/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - what a map promises of scans while others write.
 *
 * Both promises: a key that is there all the time is visited exactly once,
 * with a whole value of its own. "point-in-time" also: a writer moves a token
 * from rank to rank, the next inserted before the last is removed; a scan that
 * is one moment of the map sees one token, or two neighbours.
 */
#include "runner/check/crowd.h"

#include <stdlib.h>

enum { STABLE = 200, TOKENS = 50, KEYS = STABLE + TOKENS, SCANS = 300 };

struct view {
	struct rm_peer *peer;
	unsigned char seen[KEYS];
};

struct stage {
	uint64_t moves;
	_Atomic unsigned scanning; /* scanners that still work */
};

/* The rank that a value was written for, if the key is this rank's too. */
static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;
	struct rm_peer *peer = view->peer;
	uint32_t rank = (uint32_t)value->word[0];
	struct rm_key own = rm_key_of(peer->shape, rank, &peer->other);
	bool same = peer->shape.str
	                    ? key.length == own.length &&
	                              !memcmp(key.bytes, own.bytes, own.length)
	                    : key.word == own.word;

	if (rank >= KEYS || !same)
		rm_peer_fail(
		        peer, "scan gave a key the value of rank %u", rank);
	else
		view->seen[rank] += view->seen[rank] < 2;
	rm_peer_verify(peer, value, rank, "scan");
	return true;
}

static void judge(struct rm_peer *peer, const struct view *view)
{
	const char *promise = peer->crowd->c->impl->guarantees;
	unsigned tokens = 0, pairs = 0;

	for (unsigned i = 0; i < STABLE; i++)
		if (view->seen[i] != 1)
			rm_peer_fail(peer,
			        "scan visited rank %u, which is always there, "
			        "%s",
			        i, view->seen[i] ? "twice" : "not at all");
	for (unsigned i = 0; i < TOKENS; i++) {
		tokens += view->seen[STABLE + i];
		pairs += view->seen[STABLE + i] &&
		         view->seen[STABLE + (i + 1) % TOKENS];
	}
	if (!strcmp(promise, "point-in-time") &&
	        !(tokens == 1 || (tokens == 2 && pairs == 1)))
		rm_peer_fail(peer,
		        "scan saw %u tokens, no moment of the map, which "
		        "promises point-in-time",
		        tokens);
}

static void look_round(struct rm_peer *peer)
{
	struct stage *stage = peer->crowd->context;

	for (unsigned i = 0; i < SCANS && rm_peer_tick(peer); i++) {
		struct view view = { .peer = peer };

		peer->ops->scan(peer->thread, peer->shape, visit, &view);
		judge(peer, &view);
	}
	/* relaxed: only says that nobody looks any more */
	atomic_fetch_sub_explicit(&stage->scanning, 1, memory_order_relaxed);
}

static void put(struct rm_peer *peer, uint64_t rank)
{
	struct rm_value value = rm_peer_value(peer, rank);

	peer->ops->upsert(
	        peer->thread, peer->shape, rm_peer_key(peer, rank), &value);
}

static void move_tokens(struct rm_peer *peer)
{
	const struct stage *stage = peer->crowd->context;

	/* relaxed: a hint to stop */
	for (uint64_t n = 0;
	        n < stage->moves ||
	        atomic_load_explicit(&stage->scanning, memory_order_relaxed);
	        n++) {
		put(peer, STABLE + (n + 1) % TOKENS);
		peer->ops->remove(peer->thread, peer->shape,
		        rm_peer_key(peer, STABLE + n % TOKENS));
		put(peer, rm_next(&peer->rng) % STABLE);
		if (!rm_peer_tick(peer))
			return;
	}
}

static void play(struct rm_peer *peer)
{
	if (peer->slot == 0)
		move_tokens(peer);
	else
		look_round(peer);
}

static void set_up(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank <= STABLE; rank++)
		put(peer, rank);
}

int rm_check_scan(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	struct stage stage = { .scanning = threads - 1,
		.moves = threads == 1 ? 1000 : 0 };
	void *map = rm_case_create(c, KEYS, false, error);
	int code;

	if (!map)
		return -1;
	code = rm_crowd_run(c, map, 1, set_up, &stage, error);
	if (!code)
		code = rm_crowd_run(c, map, threads, play, &stage, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}
