/* SPDX-License-Identifier: Apache-2.0 */
/* test_audits.c - compares the counts of audits with known answers: numbers of
   buckets that were computed by hand, growth at the 9th, 14th and 27th key, and
   a variant of each rule that the counts must distinguish. */
#include "tests/unit/technique/techniques.h"

/* Returns a statistic after `audits` audits of structures with `keys` keys. */
static double audit_stat(
        const char *id, const char *name, uint64_t audits, uint64_t keys)
{
	struct technique_run run = {
		.threads = 1, .iterations = audits, .args = { keys }, .seed = 5
	};
	double value;

	CHECK(technique_play(&run, id), "the audit finds all entries");
	value = technique_stat(&run, name);
	technique_end(&run);
	return value;
}

static void check_growth(void)
{
	CHECK(audit_stat("growth_points", "buckets_at_first", 3, 10) == 3,
	        "a map without a hint starts with one bucket");
	/* with 160 keys the map grows at the 9th, 14th, 27th, 53rd and 105th */
	CHECK(audit_stat("growth_points", "growths_seen", 1, 10) == 5,
	        "160 keys make it grow five times");
	/* a bucket holds eight keys, so the map grows at the 9th key and not at
	   the 7th (7 > 6.5) */
	CHECK(audit_stat("growth_points", "growths_off_load_factor", 1, 10) ==
	                2,
	        "one bucket grows for the 9th key, not for the 7th");
	CHECK(audit_stat("growth_points", "writes_that_moved_over_two", 1,
	              1000) == 0 &&
	                audit_stat("growth_points", "buckets_moved_by_lookups",
	                        1, 1000) == 0 &&
	                audit_stat("growth_points", "lookups_while_growing", 1,
	                        10) == 9 + 14 + 27 + 53 + 105,
	        "lookups of all keys move no bucket, a write one or two");
	CHECK(audit_stat("growth_points", "answers_that_differ", 1, 100) == 0,
	        "two maps with the same keys give the same answers");
}

static void check_iteration(void)
{
	CHECK(audit_stat("iteration", "orders_compared", 2, 100) == 14 &&
	                audit_stat("iteration", "orders_that_differ", 10,
	                        1000) > 60,
	        "most orders of a thousand keys differ from the first");
	CHECK(audit_stat("iteration", "orders_that_differ", 10, 1) == 0,
	        "one key has one order");
	CHECK(audit_stat("iteration", "removed_and_not_visited", 1, 1000) >=
	                        499 &&
	                audit_stat("iteration", "inserted_and_visited", 4,
	                        1000) > 0,
	        "iteration skips removed keys and visits some inserted ones");
}

static void check_promotion(void)
{
	/* in four cycles of 100 keys dirty is promoted with 100, 200, 300 and
	   400 entries */
	CHECK(audit_stat("promotion", "promotions_seen", 1, 100) == 4 &&
	                audit_stat("promotion", "promotions_off_entries", 1,
	                        100) == 0 &&
	                audit_stat("promotion", "promotions_by_exact_count", 1,
	                        100) == 4,
	        "dirty is promoted at as many misses as it has entries");
	/* dirty is promoted with 8, 16, 24 and 32 entries; one bucket has 8
	   slots */
	CHECK(audit_stat("promotion", "promotions_by_exact_count", 1, 8) == 3,
	        "a number that buckets explain, too, does not count as exact");
	CHECK(audit_stat("promotion", "dirty_made_without_misses", 1, 100) ==
	                        4 &&
	                audit_stat("promotion", "updates_beside_the_lock", 1,
	                        100) == 4,
	        "a new key creates dirty at once; updates of known keys need "
	        "no lock");
	CHECK(audit_stat("promotion", "loaded_dirty_kept", 1, 100) > 0 &&
	                audit_stat("promotion_load_factor", "loaded_dirty_kept",
	                        1, 100) == 0 &&
	                audit_stat("promotion_load_factor",
	                        "promotions_off_entries", 1, 100) > 0,
	        "a map that promotes by its load factor is distinguished");
}

static void check_takes(void)
{
	/* there are 200 keys, half in the read map and half only in dirty */
	CHECK(audit_stat("take_met", "takers_met", 2, 100) == 400 &&
	                audit_stat("take_met", "both_got_it", 2, 100) == 0 &&
	                audit_stat("take_met", "neither_got_it", 2, 100) == 0 &&
	                audit_stat("take_met", "values_lost", 2, 100) == 0,
	        "a Delete runs within each LoadAndDelete; exactly one gets the "
	        "key");
	/* a Load followed by a Delete gives the even keys to both */
	CHECK(audit_stat("take_apart", "both_got_it", 2, 100) == 200,
	        "in two steps both get the key, and the count shows it");
}

static void check_emptying(void)
{
	static const char *const ids[] = { "emptying_replace",
		"emptying_delete", "emptying_clear" };

	for (size_t i = 0; i < 3; i++)
		CHECK(audit_stat(ids[i], "keys_emptied", 5, 1000) == 5000 &&
		                audit_stat(ids[i], "emptying_time", 5, 1000) >
		                        0,
		        "a full map is emptied, and the time is counted");
}

/* Runs two threads. How often both see the old word depends on chance. With a
   compare-and-set that must never happen. */
static void check_two_threads(void)
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
	        "with release stores all words are visited, too");
	technique_end(&run);
	run.iterations = 50000;
	CHECK(technique_play(&run, "growth_read_rw") &&
	                technique_stat(&run, "lookups_of_present_keys") ==
	                        50000 &&
	                technique_stat(&run, "lookups_lost") == 0 &&
	                technique_stat(&run, "headers_of_two_moments") == 0,
	        "under the lock no lookup of a present key fails");
	technique_end(&run);
	CHECK(technique_play(&run, "growth_read_bare") &&
	                technique_stat(&run, "growths") > 512,
	        "without the lock the map is intact after all threads have "
	        "stopped");
	technique_end(&run);
}

int main(void)
{
	check_growth();
	check_iteration();
	check_promotion();
	check_takes();
	check_emptying();
	check_two_threads();
	return DONE();
}
