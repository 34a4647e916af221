/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collide.c - finds keys that collide (call.h): looks keys up in an empty map
 * and compares the addresses that each lookup touches.
 *
 * So the search does not depend on the map's hash, its seed or the number of
 * its buckets. With a thousand buckets, TRIED keys have some 30 pairs in the
 * same bucket and two or three triples.
 */
#include "verify/explore/call.h"

#include <stdlib.h>

enum { TRIED = 256 };

struct tried {
	uint64_t way; /* hash of the addresses touched, in order */
	uint32_t rank;
	/* size of the group that contains the rank, and the lowest rank in that
	 * group */
	uint32_t same, first;
};

static int compare_way(const void *one, const void *other)
{
	const struct tried *a = one, *b = other;

	if (a->way != b->way)
		return a->way < b->way ? -1 : 1;
	return a->rank < b->rank ? -1 : 1;
}

/* Orders by decreasing group size, then by the lowest rank. Addresses are not
   compared, since they may differ in another run. */
static int compare_group(const void *one, const void *other)
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

void rm_explore_find_colliding(
        struct rm_explore_call *call, unsigned keys, uint32_t *rank)
{
	struct tried tried[TRIED];

	rm_explore.hashes = true;
	for (uint32_t i = 0; i < TRIED; i++) {
		tried[i].rank = i;
		look_up(call, &tried[i]);
	}
	rm_explore.hashes = false;
	qsort(tried, TRIED, sizeof(*tried), compare_way);
	for (unsigned i = 0, end; i < TRIED; i = end) {
		for (end = i; end < TRIED && tried[end].way == tried[i].way;)
			end++;
		for (unsigned j = i; j < end; j++) {
			tried[j].same = end - i;
			tried[j].first = tried[i].rank;
		}
	}
	qsort(tried, TRIED, sizeof(*tried), compare_group);
	for (unsigned key = 0; key < keys; key++)
		rank[key] = tried[key].rank;
}
