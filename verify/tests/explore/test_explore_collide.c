/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_collide.c - tests the search for colliding keys, whose lookups
   access the same addresses of a stub map. */
#include <stdlib.h>
#include <string.h>

/* A valid qsort() that reverses equal elements. */
static void shaky_sort(void *base, size_t count, size_t size,
        int (*compare)(const void *one, const void *other))
{
	char held[64], *at = base;

	for (size_t i = 0; i < count / 2; i++) {
		char *other_end = at + (count - 1 - i) * size;

		memcpy(held, at + i * size, size);
		memcpy(at + i * size, other_end, size);
		memcpy(other_end, held, size);
	}
	for (size_t i = 1; i < count; i++) {
		size_t to = i;

		memcpy(held, at + i * size, size);
		while (to > 0 && compare(at + (to - 1) * size, held) > 0)
			to--;
		memmove(at + (to + 1) * size, at + to * size, (i - to) * size);
		memcpy(at + to * size, held, size);
	}
}
#define qsort shaky_sort

#include "verify/explore/collide.c"

#include "tests/unit/tap.h"

enum { KEYS = 24, BEFORE = 123 };

struct rm_explore_world rm_explore;

/* The stub map: number of the path that a lookup of each rank takes. */
static uint64_t (*way_of)(uint32_t rank);
static unsigned lookups, quiet, begun_anew;
static bool strings, right_keys;
static int the_thread;

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	uint64_t word = key.word;

	(void)value;
	if (shape.str)
		memcpy(&word, key.bytes, sizeof(word));
	right_keys &= shape.str == strings && thread == &the_thread &&
	              word == rm_scatter((uint32_t)word);
	begun_anew += rm_explore.footprint == 0;
	rm_explore.footprint += way_of((uint32_t)word) + 1;
	lookups++;
	return false;
}

static void quiesce(void *thread)
{
	quiet += thread == &the_thread;
	rm_explore.footprint = BEFORE;
}

static const struct rm_map_ops ops = { .lookup = lookup, .quiesce = quiesce };

/* Finds `keys` ranks; the next element of `rank` must stay unchanged. */
static void collide(uint64_t (*way)(uint32_t rank), struct rm_shape shape,
        unsigned keys, uint32_t rank[KEYS + 1])
{
	struct rm_explore_call call = {
		.ops = &ops, .shape = shape, .thread = &the_thread
	};

	memset(rank, 0xff, (KEYS + 1) * sizeof(*rank));
	lookups = quiet = begun_anew = 0;
	right_keys = true;
	strings = shape.str;
	way_of = way;
	rm_explore.footprint = BEFORE;
	rm_explore_find_colliding(&call, keys, rank);
}

static bool ranks_are(
        const uint32_t rank[KEYS + 1], unsigned keys, const uint32_t *wanted)
{
	return !memcmp(rank, wanted, keys * sizeof(*rank)) &&
	       rank[keys] == UINT32_MAX;
}

static uint64_t the_same(uint32_t rank)
{
	(void)rank;
	return 99;
}

static uint64_t its_own(uint32_t rank)
{
	return UINT64_MAX - rank * UINT64_C(0x9e3779b97f4a7c15);
}

static void nothing_to_choose(void)
{
	static const uint32_t first[KEYS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
		11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 };
	uint32_t rank[KEYS + 1];

	collide(the_same, RM_U64X8, KEYS, rank);
	CHECK(ranks_are(rank, KEYS, first),
	        "if all paths are equal, the first keys are taken");
	CHECK(lookups == 256 && quiet == 256 && begun_anew == 256 && right_keys,
	        "256 keys are looked up, each from a clear footprint");
	collide(its_own, RM_U64X8, KEYS, rank);
	CHECK(ranks_are(rank, KEYS, first),
	        "if all paths differ, the first keys are taken");
	collide(its_own, RM_STR16X8, 3, rank);
	CHECK(ranks_are(rank, 3, first) && right_keys,
	        "string keys work, and only the requested number is found");
}

/* Ranks 7, 9 and 200 collide, as do 3 and 255, and 100 and 101. The path
   numbers are not in this order. */
static uint64_t few_meet(uint32_t rank)
{
	switch (rank) {
	case 7:
	case 9:
	case 200:
		return 5000;
	case 3:
	case 255:
		return 9000;
	case 100:
	case 101:
		return 1;
	default:
		return 6000 + rank;
	}
}

/* The same groups, with other path values. */
static uint64_t elsewhere(uint32_t rank)
{
	return UINT64_MAX / 2 - 77 * few_meet(rank);
}

static void the_most_come_first(void)
{
	static const uint32_t wanted[] = { 7, 9, 200, 3, 255, 100, 101, 0, 1, 2,
		4, 5 };
	uint32_t rank[KEYS + 1];

	collide(few_meet, RM_U64X8, 12, rank);
	CHECK(ranks_are(rank, 12, wanted),
	        "the largest group comes first, then by lowest rank, then the "
	        "rest");
	collide(elsewhere, RM_U64X8, 12, rank);
	CHECK(ranks_are(rank, 12, wanted),
	        "the result does not depend on addresses");
	collide(few_meet, RM_U64X8, 2, rank);
	CHECK(ranks_are(rank, 2, wanted), "few keys come from the first group");
}

/* One bucket has sixteen ranks, among them the last one. */
static uint64_t by_sixteens(uint32_t rank)
{
	return rank % 16 == 15 ? 2 : rank < 250 ? 1000 + rank % 17 : 1;
}

static void the_last_is_counted(void)
{
	uint32_t rank[KEYS + 1];
	bool right = true;

	collide(by_sixteens, RM_U64X8, 17, rank);
	for (unsigned i = 0; i < 16; i++)
		right &= rank[i] == 16 * i + 15;
	CHECK(right && rank[16] % 16 != 15, "all 256 keys are tried");
}

int main(void)
{
	nothing_to_choose();
	the_most_come_first();
	the_last_is_counted();
	return DONE();
}
