/* SPDX-License-Identifier: Apache-2.0 */
/* Tests when Go's map grows, its size, and its reaction to misuse. */
#include "tests/unit/gomap/gomap_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void layout_matches_go(void)
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
		CHECK_SHAPE(all_sound && sound(map),
		        "the map is sound after each growth", s);
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
	CHECK(map->extra->growths == 0, "a map with this hint does not grow "
	                                "for 10,000 entries");
	CHECK(sound(map), "the map's invariants hold");
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
	CHECK(all && !has(map, RM_U64X8, 1000000), "all keys are found in the "
	                                           "map of 2^18 buckets");
	CHECK(sound(map), "all invariants of that map hold");
	gomap_destroy(map);
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
	map->flags |= GOMAP_WRITING; /* as if another thread were writing */
	if (fork() == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		has(map, RM_U64X8, 1);
		_exit(0);
	}
	wait(&status);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	        "a lookup during a write is fatal");
	gomap_tolerate_conflicts(map);
	has(map, RM_U64X8, 1);
	CHECK(map->extra->conflicts == 1, "a lookup during a write is counted "
	                                  "if conflicts are tolerated");
	gomap_iterate_begin(map, &it);
	gomap_iterate_next(&it, RM_U64X8, &key, &value);
	gomap_iterate_end(&it);
	CHECK(map->extra->conflicts == 2, "an iteration during a write is "
	                                  "counted");
	put(map, RM_U64X8, 2); /* finds the flag set, and clears it at the
	                          end */
	CHECK(map->extra->conflicts == 4,
	        "a write during a write is detected by both");
	map->flags |= GOMAP_WRITING;
	gomap_remove(map, RM_U64X8, key_of(RM_U64X8, 1, &text), NULL);
	CHECK(map->extra->conflicts == 6, "a remove during a write is counted");
	gomap_destroy(map);
}

int main(void)
{
	layout_matches_go();
	grows_at_the_known_counts();
	hint_counts_entries();
	large_maps_have_the_known_size();
	a_map_that_empties_draws_a_new_seed();
	conflicts_are_detected();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
