/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collide.c - looks keys up in an empty map, and sees by the places that it
 * touches for each which are neighbours (call.h).
 *
 * So nothing need be known of the map's hash, its seed or the number of its
 * buckets: in a thousand buckets, of TRIED keys some 30 pairs meet and two or
 * three threes.
 */
#include "verify/explore/call.h"

#include <stdlib.h>

enum { TRIED = 256 };

struct tried {
	uint64_t way; /* the places that were touched, in order */
	uint32_t rank;
	uint32_t same, first; /* how many go that way; the lowest rank */
};

static int by_way(const void *one, const void *other)
{
	const struct tried *a = one, *b = other;

	if (a->way != b->way)
		return a->way < b->way ? -1 : 1;
	return a->rank < b->rank ? -1 : 1;
}

/* The most that go one way first, then those of the lowest rank: not by places,
   which may lie elsewhere in another run. */
static int by_company(const void *one, const void *other)
{
	const struct tried *a = one, *b = other;

	if (a->same != b->same)
		return a->same > b->same ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->rank < b->rank ? -1 : 1;
}

static void look_up(struct rm_explore_call *call, struct tried *tried)
{
	call->key = rm_key_of(call->shape, tried->rank, &call->line);
	rm_explore.footprint = 0;
	call->ops->lookup(call->thread, call->shape, call->key, &call->result);
	tried->way = rm_explore.footprint;
	call->ops->quiesce(call->thread);
}

void rm_explore_colliding(
        struct rm_explore_call *call, unsigned keys, uint32_t *rank)
{
	struct tried tried[TRIED];

	for (uint32_t i = 0; i < TRIED; i++) {
		tried[i].rank = i;
		look_up(call, &tried[i]);
	}
	qsort(tried, TRIED, sizeof(*tried), by_way);
	for (unsigned i = 0, end; i < TRIED; i = end) {
		for (end = i; end < TRIED && tried[end].way == tried[i].way;)
			end++;
		for (unsigned j = i; j < end; j++) {
			tried[j].same = end - i;
			tried[j].first = tried[i].rank;
		}
	}
	qsort(tried, TRIED, sizeof(*tried), by_company);
	for (unsigned key = 0; key < keys; key++)
		rank[key] = tried[key].rank;
}
