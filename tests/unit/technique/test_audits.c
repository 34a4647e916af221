/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_audits.c - what audits count, held against answers that are known
 * without them: numbers of buckets by hand, growth at the 9th, 14th, 27th key,
 * and a variant of each rule that the count must tell apart.
 */
#include "tests/unit/technique/techniques.h"

/* A statistic after `audits` of structures of `keys` keys. */
static double counted(
        const char *id, const char *name, uint64_t audits, uint64_t keys)
{
	struct technique_run run = {
		.threads = 1, .iterations = audits, .args = { keys }, .seed = 5
	};
	double value;

	CHECK(technique_play(&run, id), "what was put in is held");
	value = technique_stat(&run, name);
	technique_end(&run);
	return value;
}

static void growth(void)
{
	CHECK(counted("growth_points", "buckets_at_first", 3, 10) == 3,
	        "a map without a hint begins with one bucket");
	/* 160 keys: at the 9th, 14th, 27th, 53rd and 105th */
	CHECK(counted("growth_points", "growths_seen", 1, 10) == 5,
	        "160 keys make it grow five times");
	/* one bucket holds eight: 7 > 6.5 and does not grow, 9 does too late */
	CHECK(counted("growth_points", "growths_off_load_factor", 1, 10) == 2,
	        "one bucket grows for the 9th key, not for the 7th");
	CHECK(counted("growth_points", "writes_that_moved_over_two", 1, 1000) ==
	                        0 &&
	                counted("growth_points", "buckets_moved_by_lookups", 1,
	                        1000) == 0 &&
	                counted("growth_points", "lookups_while_growing", 1,
	                        10) == 9 + 14 + 27 + 53 + 105,
	        "look-ups of all keys move no bucket, a write one or two");
	CHECK(counted("growth_points", "answers_that_differ", 1, 100) == 0,
	        "two maps with the same keys answer alike");
}

static void iterations(void)
{
	CHECK(counted("iteration", "orders_compared", 2, 100) == 14 &&
	                counted("iteration", "orders_that_differ", 10, 1000) >
	                        60,
	        "most orders of a thousand keys differ from the first");
	CHECK(counted("iteration", "orders_that_differ", 10, 1) == 0,
	        "of one key there is one order");
	CHECK(counted("iteration", "removed_and_not_visited", 1, 1000) >= 499 &&
	                counted("iteration", "inserted_and_visited", 4, 1000) >
	                        0,
	        "the walk does not visit what went, and visits some that came");
}

static void promotions(void)
{
	/* four cycles of 100 keys: promoted with 100, 200, 300, 400 entries */
	CHECK(counted("promotion", "promotions_seen", 1, 100) == 4 &&
	                counted("promotion", "promotions_off_entries", 1,
	                        100) == 0 &&
	                counted("promotion", "promotions_by_exact_count", 1,
	                        100) == 4,
	        "dirty is promoted at as many misses as it has entries");
	/* of 8, 16, 24 and 32 entries: 8 are the slots of one bucket */
	CHECK(counted("promotion", "promotions_by_exact_count", 1, 8) == 3,
	        "a number that buckets would give, too, decides nothing");
	CHECK(counted("promotion", "dirty_made_without_misses", 1, 100) == 4 &&
	                counted("promotion", "updates_beside_the_lock", 1,
	                        100) == 4,
	        "a new key makes a dirty at once; updates of known ones need "
	        "no lock");
	CHECK(counted("promotion", "loaded_dirty_kept", 1, 100) > 0 &&
	                counted("promotion_load_factor", "loaded_dirty_kept", 1,
	                        100) == 0 &&
	                counted("promotion_load_factor",
	                        "promotions_off_entries", 1, 100) > 0,
	        "a map that promotes by its load factor is told apart");
}

static void takers(void)
{
	/* 200 keys: half in the read map, half in dirty only */
	CHECK(counted("take_met", "takers_met", 2, 100) == 400 &&
	                counted("take_met", "both_got_it", 2, 100) == 0 &&
	                counted("take_met", "neither_got_it", 2, 100) == 0 &&
	                counted("take_met", "values_lost", 2, 100) == 0,
	        "a Delete comes into each LoadAndDelete, one of them has it");
	/* a Load and then a Delete gives the even keys to both */
	CHECK(counted("take_apart", "both_got_it", 2, 100) == 200,
	        "two steps let both have it: the count would see that");
}

static void empty_maps(void)
{
	static const char *const ids[] = { "emptying_replace",
		"emptying_delete", "emptying_clear" };

	for (size_t i = 0; i < 3; i++)
		CHECK(counted(ids[i], "keys_emptied", 5, 1000) == 5000 &&
		                counted(ids[i], "emptying_time", 5, 1000) > 0,
		        "what was full is empty, and took time");
}

/* Two threads; how often both see the old word is luck, that a
   compare-and-set never lets them is not. */
static void two_threads(void)
{
	struct technique_run run = {
		.threads = 2, .iterations = 5000, .args = { 100 }, .seed = 3
	};

	CHECK(technique_play(&run, "barrier_cas") &&
	                technique_stat(&run, "words_met") == 500000 &&
	                technique_stat(&run, "both_saw_old") == 0,
	        "a compare-and-set orders the load after it");
	technique_end(&run);
	CHECK(technique_play(&run, "barrier_release") &&
	                technique_stat(&run, "words_met") == 500000,
	        "each word of a release store is met, too");
	technique_end(&run);
	run.iterations = 50000;
	CHECK(technique_play(&run, "growth_read_rw") &&
	                technique_stat(&run, "lookups_of_present_keys") ==
	                        50000 &&
	                technique_stat(&run, "lookups_lost") == 0 &&
	                technique_stat(&run, "headers_of_two_moments") == 0,
	        "under the lock no look-up of a present key fails");
	technique_end(&run);
	CHECK(technique_play(&run, "growth_read_bare") &&
	                technique_stat(&run, "growths") > 512,
	        "without it the map is whole when all have stopped");
	technique_end(&run);
}

int main(void)
{
	growth();
	iterations();
	promotions();
	takers();
	empty_maps();
	two_threads();
	return DONE();
}
