/* SPDX-License-Identifier: Apache-2.0 */
/* Go's map: when it grows, how chains end, what it does without memory. */
#include "tests/gomap_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool put(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;
	struct rm_value value = value_of(n);

	return gomap_exchange(
	        map, shape, key_of(shape, n, &text), &value, NULL);
}

static bool has(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;
	struct rm_value value;

	return gomap_lookup(map, shape, key_of(shape, n, &text), &value) &&
	       value_is(shape, &value, n);
}

static bool drop(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;

	return gomap_remove(map, shape, key_of(shape, n, &text), NULL);
}

static void layout_is_that_of_go(void)
{
	static const size_t strides[RM_SHAPES] = { 144, 272, 208, 336 };

	for (unsigned i = 0; i < RM_SHAPES; i++)
		CHECK_SHAPE(gomap_stride(shapes[i]) == strides[i],
		        "8 + 8K + 8V + 8 bytes per bucket", i);
}

static void grows_at_the_known_counts(void)
{
	static const uint64_t points[] = { 9, 14, 27, 53, 105, 209, 417, 833 };

	for (unsigned s = 0; s < RM_SHAPES; s++) {
		struct gomap *map = gomap_create(0, shapes[s], 5);
		uint64_t growths = 0;
		bool exact = true, all_sound = true;

		for (uint64_t n = 1; n <= 1000; n++) {
			put(map, shapes[s], n);
			if (map->extra->growths != growths) {
				exact &= growths < 8 && n == points[growths];
				growths++;
				all_sound &= sound(map);
			}
		}
		CHECK_SHAPE(exact && growths == 8,
		        "the 9th, 14th, 27th ... 833rd key starts growth", s);
		CHECK_SHAPE(all_sound && sound(map), "each growth is sound", s);
		CHECK_SHAPE(map->extra->same_size_growths == 0,
		        "inserting alone never compacts", s);
		gomap_destroy(map);
	}
}

static unsigned log2_for_hint(size_t hint)
{
	struct gomap *map = gomap_create(hint, RM_U64X8, 1);
	unsigned log2_buckets = map->log2_buckets;

	gomap_destroy(map);
	return log2_buckets;
}

static void hint_counts_entries(void)
{
	CHECK(log2_for_hint(0) == 0 && log2_for_hint(8) == 0 &&
	                log2_for_hint(9) == 1 && log2_for_hint(13) == 1 &&
	                log2_for_hint(14) == 2,
	        "hints of 8, 13 and 14 entries give 1, 2 and 4 buckets");
	CHECK(log2_for_hint(10000) == 11, "hint 10,000 gives 2048 buckets");
	CHECK(log2_for_hint(13312) == 11 && log2_for_hint(13313) == 12,
	        "2048 buckets hold 13,312 entries");

	struct gomap *map = gomap_create(10000, RM_U64X8, 1);
	struct gomap_bucket *spare = map->extra->next_overflow;
	size_t count = 0;

	for (; spare; count++) {
		bool last = gomap_next(spare, RM_U64X8) != NULL;

		spare = last ? NULL : gomap_at(spare, RM_U64X8, 1);
	}
	CHECK(count == 128, "2048 buckets come with 128 for overflow");
	for (uint64_t n = 0; n < 10000; n++)
		put(map, RM_U64X8, n);
	CHECK(map->extra->growths == 0, "10,000 entries never grow it");
	CHECK(sound(map), "and it is sound");
	gomap_destroy(map);
	map = gomap_create(8, RM_U64X8, 1);
	CHECK(!map->buckets, "the only bucket is made by the first insert");
	gomap_destroy(map);
}

static void large_maps_have_the_known_size(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 9);
	bool all = true;

	for (uint64_t n = 0; n < 100000; n++)
		put(map, RM_U64X8, n);
	CHECK(map->log2_buckets == 14, "100,000 keys are in 2^14 buckets");
	for (uint64_t n = 100000; n < 1000000; n++)
		put(map, RM_U64X8, n);
	CHECK(map->log2_buckets == 18, "1,000,000 keys are in 2^18 buckets");
	for (uint64_t n = 0; n < 1000000; n++)
		all &= has(map, RM_U64X8, n);
	CHECK(all && !has(map, RM_U64X8, 1000000), "all of them are found");
	CHECK(sound(map), "and the map is sound");
	gomap_destroy(map);
}

/* The n-th key whose hash in this map ends with these bits; with `top`, whose
   tophash is also that of the first one found. */
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
	CHECK(map->extra->same_size_growths == 0, "which is not too many yet");
	put(map, RM_U64X8, second[33]);
	CHECK(map->extra->same_size_growths == 1 && map->extra->growths == 0 &&
	                map->log2_buckets == 3,
	        "the next insert starts a growth of the same size");
	CHECK(sound(map), "half-way it is sound");
	for (unsigned i = 0; i < 8; i++)
		put(map, RM_U64X8, second[0]);
	CHECK(!map->oldbuckets && !(map->flags & GOMAP_SAME_SIZE),
	        "eight writes end it");
	CHECK(map->noverflow == 4 && sound(map), "and the chains are compact");
	for (unsigned i = 0; i < 34; i++)
		all &= has(map, RM_U64X8, second[i]);
	CHECK(all && has(map, RM_U64X8, first[0]), "all entries are there");
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
			/* from the end, from the start, anywhere */
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
	CHECK(all_sound, "emptyRest is exactly the rest after each");
	CHECK(ends, "a lookup in the empty chain stops at its first slot");
}

static void a_map_that_empties_draws_a_new_seed(void)
{
	struct gomap *map = gomap_create(0, RM_STR16X8, 4);
	uint32_t before = map->hash0;

	put(map, RM_STR16X8, 1);
	put(map, RM_STR16X8, 2);
	drop(map, RM_STR16X8, 1);
	CHECK(map->hash0 == before, "the seed stays while an entry is left");
	drop(map, RM_STR16X8, 2);
	CHECK(map->hash0 != before, "the last delete draws a new seed");
	for (uint64_t n = 0; n < 500; n++)
		put(map, RM_STR16X8, n);
	before = map->hash0;
	gomap_clear(map, RM_STR16X8);
	CHECK(map->hash0 != before && map->count == 0 && !map->oldbuckets,
	        "clear ends growth and draws a new seed");
	CHECK(sound(map) && !has(map, RM_STR16X8, 5), "clear leaves nothing");
	gomap_destroy(map);
}

static void conflicts_are_detected(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 4);
	struct gomap_iterator it;
	struct key_text text;
	struct rm_value value;
	struct rm_key key;
	int status;

	put(map, RM_U64X8, 1);
	map->flags |= GOMAP_WRITING; /* as another thread's write would */
	if (fork() == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		has(map, RM_U64X8, 1);
		_exit(0);
	}
	wait(&status);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	        "a lookup that meets a write is fatal");
	gomap_tolerate_conflicts(map);
	has(map, RM_U64X8, 1);
	CHECK(map->extra->conflicts == 1, "or counted: lookup during write");
	gomap_iterate_begin(map, &it);
	gomap_iterate_next(&it, RM_U64X8, &key, &value);
	gomap_iterate_end(&it);
	CHECK(map->extra->conflicts == 2, "iteration during write");
	put(map, RM_U64X8, 2); /* finds the flag set, and at its end clear */
	CHECK(map->extra->conflicts == 4, "write during write, seen by both");
	map->flags |= GOMAP_WRITING;
	gomap_remove(map, RM_U64X8, key_of(RM_U64X8, 1, &text), NULL);
	CHECK(map->extra->conflicts == 6, "remove during write");
	gomap_destroy(map);
}

int main(void)
{
	layout_is_that_of_go();
	grows_at_the_known_counts();
	hint_counts_entries();
	large_maps_have_the_known_size();
	deletes_lead_to_a_growth_of_the_same_size();
	chains_end_where_entries_end();
	a_map_that_empties_draws_a_new_seed();
	conflicts_are_detected();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
