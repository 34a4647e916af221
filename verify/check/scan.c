/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - tests the guarantees of scans during writes, in a map that does not
 * grow (for growth see scan_growth.c). With both guarantees, a key that is
 * always present is visited exactly once, with a value that was written for it
 * and is not torn. For "point-in-time", a writer also moves a token from rank
 * to rank: it inserts the next token before it removes the last one. A scan of
 * one point in time sees one token, or two at neighbouring ranks. */
#include "verify/check/internal.h"

enum { STABLE = 200, TOKENS = 50, KEYS = STABLE + TOKENS, SCANS = 300 };

struct view {
	struct rm_peer *peer;
	unsigned char seen[KEYS];
};

struct scan_test {
	uint64_t moves;
	_Atomic unsigned scanning; /* number of scanners that still run */
};

/* Counts a visit of the value's rank, if the key belongs to this rank. */
static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;
	struct rm_peer *peer = view->peer;
	uint32_t rank = (uint32_t)value->word[0];
	struct rm_key expected = rm_key_of(peer->shape, rank, &peer->other);
	bool same = peer->shape.str ? key.length == expected.length &&
	                                      !memcmp(key.bytes, expected.bytes,
	                                              expected.length)
	                            : key.word == expected.word;

	if (rank >= KEYS || !same)
		rm_peer_fail(peer,
		        "scan returned the value of rank %u for another key",
		        rank);
	else
		view->seen[rank] += view->seen[rank] < 2;
	rm_peer_verify(peer, value, rank, "scan");
	return true;
}

/* Checks one scan. At any moment there is one token, or two at neighbouring
 * ranks. A "once-if-present" scan may miss both or see more, because tokens
 * come and go; stable keys must still appear exactly once. */
static void check_scan(struct rm_peer *peer, const struct view *view)
{
	const char *promise = peer->peers->c->impl->guarantees;
	unsigned tokens = 0, pairs = 0;

	for (unsigned i = 0; i < STABLE; i++)
		if (view->seen[i] != 1)
			rm_peer_fail(peer,
			        "scan visited rank %u, which is "
			        "always present, "
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
		        "scan yielded %u tokens, which is possible at no "
		        "moment; the map guarantees point-in-time",
		        tokens);
}

static void run_scanner(struct rm_peer *peer)
{
	struct scan_test *scan_test = peer->peers->context;

	for (unsigned i = 0; i < SCANS && rm_peer_tick(peer); i++) {
		struct view view = { .peer = peer };

		peer->ops->scan(peer->thread, peer->shape, visit, &view);
		check_scan(peer, &view);
	}
	/* relaxed: only stops the writer */
	atomic_fetch_sub_explicit(
	        &scan_test->scanning, 1, memory_order_relaxed);
}

static void write_rank(struct rm_peer *peer, uint64_t rank)
{
	rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
}

static void move_tokens(struct rm_peer *peer)
{
	const struct scan_test *scan_test = peer->peers->context;

	/* relaxed: a hint to stop */
	for (uint64_t n = 0; n < scan_test->moves ||
	                     atomic_load_explicit(&scan_test->scanning,
	                             memory_order_relaxed);
	        n++) {
		write_rank(peer, STABLE + (n + 1) % TOKENS);
		rm_peer_remove(peer, STABLE + n % TOKENS);
		write_rank(peer, rm_next(&peer->rng) % STABLE);
		if (!rm_peer_tick(peer))
			return;
	}
}

static void run_thread(struct rm_peer *peer)
{
	if (peer->slot == 0)
		move_tokens(peer);
	else
		run_scanner(peer);
}

static void fill_map(struct rm_peer *peer)
{
	/* space for the stable keys and a token */
	rm_peer_fill(peer, STABLE + 1);
}

int rm_check_scan_tokens(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	struct scan_test scan_test = { .scanning = threads - 1,
		.moves = threads == 1 ? 1000 : 0 };
	const struct rm_case_phase phases[] = { { 1, fill_map },
		{ threads, run_thread }, { 0 } };

	return rm_case_play(c, KEYS, false, phases, &scan_test, error);
}

int rm_check_scan(const struct rm_check_case *c, struct rm_error *error)
{
	if (rm_check_scan_tokens(c, error))
		return -1;
	return rm_check_scan_growth(c, error);
}
