/* SPDX-License-Identifier: Apache-2.0 */
/* parked_threads.c - the check `park`: all threads have joined, and all but one
 * are parked. That thread must be able to write, to grow the map and to have
 * memory freed; then it is the next thread's turn.
 *
 * A map that waits for every joined thread, although its park() does nothing,
 * hangs here until the deadline. */
#include "verify/check/internal.h"

enum { KEYS = 64 };

struct shift {
	uint64_t ops; /* operations of each turn */
	size_t keys;  /* new keys per turn, so that the map grows */
};

static void write_keys(
        struct rm_peer *peer, const struct shift *shift, unsigned turn)
{
	for (uint64_t n = 0; n < shift->ops && rm_peer_tick_in_time(peer);
	        n++) {
		uint64_t rank = rm_next(&peer->rng) % KEYS;

		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
		if (n % 8 == 0)
			rm_peer_remove(peer, (rank + 1) % KEYS);
	}
	for (size_t i = 0; i < shift->keys && rm_peer_tick(peer); i++) {
		uint64_t rank = KEYS + turn * shift->keys + i;

		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
	}
}

/* Thread `turn` works; the others are parked at the barrier. */
static void take_turns(struct rm_peer *peer)
{
	const struct shift *shift = peer->peers->context;
	const unsigned threads = peer->peers->threads;

	for (unsigned turn = 0; turn < threads; turn++) {
		rm_peer_meet(peer);
		if (peer->slot == turn)
			write_keys(peer, shift, turn);
	}
	rm_peer_meet(peer);
	for (uint64_t i = 0; i < shift->keys * threads; i++) {
		struct rm_value value;

		if (rm_peer_lookup(peer, KEYS + i, &value))
			rm_peer_verify(peer, &value, KEYS + i, "lookup");
		else
			rm_peer_fail(peer, "lookup missed rank %llu",
			        (unsigned long long)KEYS + i);
		if (!rm_peer_tick_in_time(peer))
			break;
	}
}

int rm_check_park(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = c->threads;
	const bool slow = c->impl->caps & RM_CAP_SLOW_WRITES;
	struct shift shift = { .ops = rm_case_ops(c) / threads + 1,
		.keys = slow ? 100 : 3000 };
	const struct rm_case_phase phases[] = { { threads, take_turns },
		{ 0 } };

	return rm_case_play(
	        c, KEYS + shift.keys * threads, false, phases, &shift, error);
}
