/* SPDX-License-Identifier: Apache-2.0 */
/* readers.c - many threads that only read: safe for every map there is. */
#include "runner/check/crowd.h"

enum { KEYS = 1000, SPAN = 1200 };

static void fill(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++) {
		struct rm_value value = rm_peer_value(peer, rank);

		peer->ops->upsert(peer->thread, peer->shape,
		        rm_peer_key(peer, rank), &value);
	}
}

static void look(struct rm_peer *peer)
{
	const uint64_t ops = peer->crowd->c->ops / peer->crowd->threads / 4 + 1;

	for (uint64_t n = 0; n < ops && rm_peer_tick(peer); n++) {
		uint64_t rank = rm_next(&peer->rng) % SPAN;
		struct rm_value value;
		bool was_there = peer->ops->lookup(peer->thread, peer->shape,
		        rm_peer_key(peer, rank), &value);

		if (was_there != (rank < KEYS))
			rm_peer_fail(peer, "lookup said rank %llu is %s",
			        (unsigned long long)rank,
			        was_there ? "there" : "not there");
		else if (was_there)
			rm_peer_verify(peer, &value, rank, "lookup");
	}
}

int rm_check_readers(const struct rm_check_case *c, struct rm_error *error)
{
	void *map = rm_case_create(c, KEYS, c->seed & 1, error);
	int code;

	if (!map)
		return -1;
	code = rm_crowd_run(c, map, 1, fill, NULL, error);
	if (!code)
		code = rm_crowd_run(c, map, c->threads, look, NULL, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}
