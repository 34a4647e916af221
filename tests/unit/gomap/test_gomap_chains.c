/* SPDX-License-Identifier: Apache-2.0 */
/* Tests Go's map with all keys in one chain: how the chain ends, how it is
   compacted, and how it waits for memory. */
#include "tests/unit/gomap/gomap_fixture.h"

/* Finds keys whose hash in this map ends with these bits. If `same_top`, they
   also have the tophash of the first key. */
static size_t colliding(const struct gomap *map, uint64_t mask, uint64_t low,
        bool same_top, uint64_t *ranks, size_t wanted)
{
	struct key_text text;
	size_t found = 0;
	uint8_t top = 0;

	for (uint64_t n = 0; found < wanted; n++) {
		struct rm_key key = key_of(RM_U64X8, n, &text);
		uint64_t hash = rm_hash(RM_U64X8, key, map->hash0);

		if ((hash & mask) != low ||
		        (same_top && found && gomap_tophash(hash) != top))
			continue;
		top = gomap_tophash(hash);
		ranks[found++] = n;
	}
	return found;
}

static void deletes_lead_to_a_growth_of_the_same_size(void)
{
	struct gomap *map = gomap_create(52, RM_U64X8, 3);
	uint64_t first[40], second[34];
	bool all = true;

	colliding(map, 7, 0, false, first, 40);
	colliding(map, 7, 1, false, second, 34);
	for (unsigned i = 0; i < 40; i++)
		put(map, RM_U64X8, first[i]);
	for (unsigned i = 1; i < 40; i++)
		drop(map, RM_U64X8, first[i]);
	for (unsigned i = 0; i < 33; i++)
		put(map, RM_U64X8, second[i]);
	CHECK(map->noverflow == 8 && map->log2_buckets == 3 && sound(map),
	        "two emptied and filled chains leave 8 overflow buckets");
	CHECK(map->extra->same_size_growths == 0, "8 overflow buckets are "
	                                          "below the limit");
	put(map, RM_U64X8, second[33]);
	CHECK(map->extra->same_size_growths == 1 && map->extra->growths == 0 &&
	                map->log2_buckets == 3,
	        "the next insert starts a growth of the same size");
	CHECK(sound(map), "invariants hold during growth");
	for (unsigned i = 0; i < 8; i++)
		put(map, RM_U64X8, second[0]);
	CHECK(!map->oldbuckets && !(map->flags & GOMAP_SAME_SIZE),
	        "eight writes end the growth");
	CHECK(map->noverflow == 4 && sound(map),
	        "the growth compacts the chains");
	for (unsigned i = 0; i < 34; i++)
		all &= has(map, RM_U64X8, second[i]);
	CHECK(all && has(map, RM_U64X8, first[0]), "all entries are present "
	                                           "after the growth");
	gomap_destroy(map);
}

/* Growth has its new array, but there is no memory to move a long chain. */
static void a_chain_waits_for_memory(void)
{
	struct gomap *map = gomap_create(52, RM_U64X8, 3);
	uint64_t full[34], sparse[33], other;
	struct key_text text;
	bool was_there, all = true;

	colliding(map, 7, 0, false, full, 34);
	colliding(map, 7, 1, false, sparse, 33);
	colliding(map, 7, 2, false, &other, 1);
	for (unsigned i = 0; i < 33; i++)
		put(map, RM_U64X8, sparse[i]);
	for (unsigned i = 1; i < 33; i++)
		drop(map, RM_U64X8, sparse[i]);
	for (unsigned i = 0; i < 33; i++)
		put(map, RM_U64X8, full[i]);
	allocs_left = 1;
	put(map, RM_U64X8, other);
	CHECK(map->extra->same_size_growths == 1 && map->nevacuate == 0 &&
	                sound(map),
	        "the first chain cannot move");
	CHECK(put(map, RM_U64X8, full[5]) && drop(map, RM_U64X8, full[6]) &&
	                !has(map, RM_U64X8, full[6]) && sound(map),
	        "entries of a chain that cannot move can be updated and "
	        "removed");
	CHECK(!gomap_assign(map, RM_U64X8, key_of(RM_U64X8, full[33], &text),
	              &was_there) &&
	                !was_there && sound(map),
	        "nothing can be inserted into a chain that cannot move");
	allocs_left = -1;
	for (unsigned i = 0; i < 9; i++)
		put(map, RM_U64X8, full[33]);
	for (unsigned i = 0; i < 34; i++)
		all &= has(map, RM_U64X8, full[i]) == (i != 6);
	CHECK(all && !map->oldbuckets && map->count == 35 && sound(map),
	        "with memory the whole chain moves");
	gomap_destroy(map);
}

static void chains_end_where_entries_end(void)
{
	uint64_t ranks[40];
	bool all_sound = true, all_there = true, ends = true;

	for (uint64_t round = 0; round < 60; round++) {
		struct gomap *map = gomap_create(50, RM_U64X8, round);
		uint64_t state = round;

		colliding(map, 7, 5, round % 2, ranks, 40);
		for (unsigned i = 0; i < 40; i++)
			put(map, RM_U64X8, ranks[i]);
		for (unsigned left = 40; left > 1; left--) {
			/* removes at the end, at the start, or anywhere */
			unsigned i =
			        round % 3 == 0 ? left - 1
			        : round % 3 == 1
			                ? 0
			                : (unsigned)(rm_next(&state) % left);

			all_there &= drop(map, RM_U64X8, ranks[i]);
			all_there &= !drop(map, RM_U64X8, ranks[i]);
			memmove(ranks + i, ranks + i + 1,
			        (left - i - 1) * sizeof(*ranks));
			for (unsigned j = 0; j + 1 < left; j++)
				all_there &= has(map, RM_U64X8, ranks[j]);
			all_sound &= sound(map);
		}
		drop(map, RM_U64X8, ranks[0]);
		for (unsigned i = 0; i < 8; i++)
			ends &= gomap_at(map->buckets, RM_U64X8, i)
			                ->tophash[0] == GOMAP_EMPTY_REST;
		gomap_destroy(map);
	}
	CHECK(all_there, "40 keys in one chain leave it one by one");
	CHECK(all_sound, "after each removal emptyRest marks exactly the rest "
	                 "of the chain");
	CHECK(ends, "a lookup in the empty chain stops at its first slot");
}

/* Returns noverflow after 2^17 overflow buckets in a map of 2^B buckets. The
   random numbers depend on the map's seed. */
static unsigned count_overflow_buckets(unsigned log2_buckets)
{
	struct gomap *map = gomap_create(8, RM_U64X8, 3);
	unsigned original_log2 = map->log2_buckets, counted_now;

	map->log2_buckets = (uint8_t)log2_buckets;
	for (unsigned i = 0; i < 1U << (log2_buckets < 16 ? 15 : 17); i++)
		gomap_count_overflow(map);
	counted_now = map->noverflow;
	map->log2_buckets = (uint8_t)original_log2;
	gomap_destroy(map);
	return counted_now;
}

/* Expects 2^17 draws with probability 2^-(B-15), whose mean is within six
   standard errors. */
static void large_maps_count_a_sample(void)
{
	CHECK(count_overflow_buckets(15) == 1U << 15,
	        "up to 2^15 buckets, each overflow bucket is counted");
	for (unsigned b = 18; b <= 20; b++) {
		double share = 1.0 / (1U << (b - 15));
		double mean = (1U << 17) * share;
		double off = count_overflow_buckets(b) - mean;
		char fact[100];

		snprintf(fact, sizeof(fact),
		        "2^%u buckets: one in %u counts: %+.0f of %.0f", b,
		        1U << (b - 15), off, mean);
		CHECK(off * off <= 36 * mean * (1 - share), fact);
	}
}

int main(void)
{
	large_maps_count_a_sample();
	deletes_lead_to_a_growth_of_the_same_size();
	a_chain_waits_for_memory();
	chains_end_where_entries_end();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
