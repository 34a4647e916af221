/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - what a map promises of scans while others write.
 *
 * Both promises: a key that is there all the time is visited exactly once,
 * with a whole value of its own. "point-in-time" also: a writer moves a token
 * from rank to rank, the next inserted before the last is removed; a scan that
 * is one moment of the map sees one token, or two neighbours. The map does not grow
 * meanwhile; scan_growth.c has it grow.
 */
#include "verify/check/internal.h"

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

/*
 * The next token is inserted before the last is removed: at any moment there
 * is one, or there are two neighbours. "once-if-present" may miss both or
 * see more, since they come and go while it runs; of what stays it owes the
 * same.
 */
static void judge(struct rm_peer *peer, const struct view *view)
{
	const char *promise = peer->peers->c->impl->guarantees;
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
	struct stage *stage = peer->peers->context;

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
	rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
}

static void move_tokens(struct rm_peer *peer)
{
	const struct stage *stage = peer->peers->context;

	/* relaxed: a hint to stop */
	for (uint64_t n = 0;
	        n < stage->moves ||
	        atomic_load_explicit(&stage->scanning, memory_order_relaxed);
	        n++) {
		put(peer, STABLE + (n + 1) % TOKENS);
		rm_peer_remove(peer, STABLE + n % TOKENS);
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
	rm_peer_fill(peer, STABLE + 1); /* the stable keys and a token */
}

int rm_check_scan_tokens(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	struct stage stage = { .scanning = threads - 1,
		.moves = threads == 1 ? 1000 : 0 };
	const struct rm_case_phase phases[] = { { 1, set_up },
		{ threads, play }, { 0 } };

	return rm_case_play(c, KEYS, false, phases, &stage, error);
}

int rm_check_scan(const struct rm_check_case *c, struct rm_error *error)
{
	if (rm_check_scan_tokens(c, error))
		return -1;
	return rm_check_scan_growth(c, error);
}
