/* SPDX-License-Identifier: Apache-2.0 */
/* readers.c - many threads that only read: safe for every map. */
#include "verify/check/internal.h"

enum { KEYS = 1000, SPAN = 1200 };

static void fill(struct rm_peer *peer)
{
	rm_peer_fill(peer, KEYS);
}

static void read_keys(struct rm_peer *peer)
{
	const uint64_t ops = peer->peers->c->ops / peer->peers->threads / 4 + 1;

	for (uint64_t n = 0; n < ops && rm_peer_tick_in_time(peer); n++) {
		uint64_t rank = rm_next(&peer->rng) % SPAN;
		struct rm_value value;
		bool was_there = rm_peer_lookup(peer, rank, &value);

		if (was_there != (rank < KEYS))
			rm_peer_fail(peer,
			        "lookup returned that rank %llu is %s",
			        (unsigned long long)rank,
			        was_there ? "there" : "not there");
		else if (was_there)
			rm_peer_verify(peer, &value, rank, "lookup");
	}
}

int rm_check_readers(const struct rm_check_case *c, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { 1, fill },
		{ c->threads, read_keys }, { 0 } };

	return rm_case_play(c, KEYS, c->seed & 1, phases, NULL, error);
}
