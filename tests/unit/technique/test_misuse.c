/* SPDX-License-Identifier: Apache-2.0 */
/* alone: other load changes how often threads collide. */
/* test_misuse.c - tests correct techniques and their misuse. Misuses are
   detected, or shown by a count, in 3 of 3 runs. Correct techniques never fail.
   Races sleep at the critical moment (technique_sleep()), tens of times per
   run. So this shows that the check detects the fault, not that it would find a
   rare one. */
#include "tests/unit/technique/techniques.h"

/* The injected bugs leak memory. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static const struct pair {
	const char *wrong, *why, *right; /* NULL: as in the row before */
	struct technique_run run;
} pairs[] = {
	{ "handle_shared", "two variables, one map", "handle_clone",
	        { .threads = 2, .iterations = 5000, .args = { 100 } } },
	{ "handle_header", "torn headers", NULL,
	        { .threads = 2, .iterations = 5000, .args = { 100 } } },
	{ "increment_unguarded", "concurrent map writes", "increment_rw",
	        { .threads = 10, .iterations = 20000, .args = { 1 } } },
	{ "range_list", "some were skipped", "range_counter",
	        { .threads = 4, .iterations = 20000, .args = { 100 } } },
	{ "cleanup_delete", "outlived their connection", "cleanup_cancel",
	        { .threads = 2, .iterations = 200, .args = { 500 } } },
};

static void check_pair(const struct pair *pair)
{
	struct technique_run run = pair->run;
	char name[100];

	snprintf(name, sizeof(name),
	        "%s, which sleeps in the race, fails in 3 of 3 runs: %s",
	        pair->wrong, pair->why);
	CHECK(technique_caught(&run, pair->wrong, pair->why, 3) == 3, name);
	if (!pair->right)
		return;
	run = pair->run;
	snprintf(name, sizeof(name), "%s passes in 3 runs", pair->right);
	CHECK(technique_caught(&run, pair->right, "", 3) == 0, name);
}

/* The message of the check has the number of lost increments and of all
   increments. Both agree with the statistics. */
static void losses_are_counted(void)
{
	struct technique_run run = {
		.threads = 10, .iterations = 20000, .args = { 1 }, .seed = 7
	};
	long long lost = -1, all = -1;
	const char *at;

	technique_play(&run, "increment_unguarded");
	at = strstr(run.why, "seen, ");
	CHECK(at && sscanf(at, "seen, %lld of %lld increments lost", &lost,
	                    &all) == 2,
	        "the check's message has the number of lost increments");
	CHECK(lost > 0 && all == 10 * 20000 &&
	                (double)lost == technique_stat(&run, "increments_lost"),
	        "the number agrees with increments_lost");
	technique_end(&run);
}

/* Returns a statistic of one thread's run, which does not depend on chance. */
static double single_thread_stat(const char *id, const char *name, uint64_t arg)
{
	struct technique_run run = {
		.threads = 1, .iterations = 1000, .args = { arg }
	};
	double value;

	technique_play(&run, id);
	value = technique_stat(&run, name);
	technique_end(&run);
	return value;
}

/* One thread assigns and restores the variable 20,000 times. The other one
   copies it as often. */
static struct technique_run assigned_and_copied(const char *id)
{
	struct technique_run run = {
		.threads = 2, .iterations = 20000, .args = { 100 }, .seed = 7
	};

	technique_play(&run, id);
	return run;
}

/* In every form some copies are of another map, so the variable is really
   assigned while it is copied. Only a header of several words tears. */
static void copies_race_with_assignments(void)
{
	static const char *const ids[] = { "handle_shared", "handle_clone",
		"handle_header" };

	for (size_t i = 0; i < 3; i++) {
		struct technique_run run = assigned_and_copied(ids[i]);
		const double torn = technique_stat(&run, "torn_headers");

		printf("# %s: %.0f torn, %.0f nil, %.0f of other maps\n",
		        ids[i], torn, technique_stat(&run, "torn_nil_buckets"),
		        technique_stat(&run, "copies_of_other_maps"));
		CHECK(technique_stat(&run, "copies") >= 20000 &&
		                technique_stat(&run, "copies_of_other_maps") >
		                        0,
		        "some copies are of the map that is assigned "
		        "meanwhile");
		CHECK(i == 2 ? torn > 0 : torn == 0,
		        i == 2 ? "a header of several words tears"
		               : "a variable of one word does not tear");
		technique_end(&run);
	}
}

static void a_large_registry_is_used(void)
{
	struct technique_run run = {
		.threads = 1, .iterations = 1000, .args = { 4000 }
	};

	technique_play(&run, "cleanup_cancel");
	CHECK(technique_stat(&run, "open_max") > 4000 / 3.0 &&
	                technique_stat(&run, "open_max") < 4000 &&
	                technique_stat(&run, "refused") == 0,
	        "a large registry has many connections open together");
	technique_end(&run);
}

/* Tests misuses that give right answers but are expensive, as counts show. */
static void check_costs(void)
{
	CHECK(single_thread_stat("range_list", "ranges_looked_at", 1000) ==
	                999 * 500,
	        "a list of n ranges costs n/2 inspections per request");
	CHECK(single_thread_stat("range_list", "ranges_looked_at", 10) ==
	                        4500 &&
	                single_thread_stat("range_counter", "ranges_looked_at",
	                        1000) == 1000,
	        "a shorter list costs fewer inspections, a counter one");
	CHECK(single_thread_stat("pair_adjacent", "lines", 0) == 1 &&
	                single_thread_stat("pair_adjacent", "distance", 0) == 8,
	        "adjacent words share a line");
	CHECK(single_thread_stat("pair_padded", "lines", 0) == 2 &&
	                single_thread_stat("pair_padded", "distance", 0) == 64,
	        "words 56 bytes apart are on two lines");
	/* a single thread alternates between writes and copies, 1000 times */
	CHECK(single_thread_stat("handle_shared", "copies", 10) == 500 &&
	                single_thread_stat("handle_shared",
	                        "writes_seen_through_original", 10) == 500 &&
	                single_thread_stat("handle_clone", "copies", 10) ==
	                        500 &&
	                single_thread_stat("handle_clone",
	                        "writes_seen_through_original", 10) == 0,
	        "each write to an assigned variable changes the original, no "
	        "write to a clone does");
	CHECK(single_thread_stat("cleanup_cancel", "closed_by_timer", 100) >
	                        0 &&
	                single_thread_stat("cleanup_cancel", "refused", 100) ==
	                        0 &&
	                single_thread_stat("cleanup_delete", "refused", 100) >
	                        0,
	        "handlers that do not end occupy the slots of new connections");
}

/* Tests that servers open connections while the timer sweeps, in each run. */
static void servers_open_during_sweeps(void)
{
	static const char *const ids[] = { "cleanup_delete", "cleanup_cancel" };

	for (size_t i = 0; i < 2; i++) {
		struct technique_run run = {
			.threads = 4, .iterations = 200, .args = { 500 }
		};

		technique_play(&run, ids[i]);
		printf("# %s: %.0f sweeps, %.0f opened in them\n", ids[i],
		        technique_stat(&run, "sweep_count"),
		        technique_stat(&run, "opened_within_sweeps"));
		CHECK(technique_stat(&run, "sweep_count") >= 19 &&
		                technique_stat(&run, "opened_within_sweeps") >=
		                        19,
		        "connections are opened in each sweep");
		technique_end(&run);
	}
}

/* Removes a key that read and dirty have. Returns true if a lookup still finds
   it. */
static bool removed_key_is_found(const char *id)
{
	const struct rm_map_ops *ops = rm_impl_find(id)->ops;
	struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };
	struct rm_value value = { { 1 } };
	void *map = ops->create(&sizing);
	void *thread = ops->join(map, 0);
	bool found;

	rm_map_upsert(
	        ops, thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	for (int i = 0; i < 3; i++) /* these misses promote */
		ops->lookup(
		        thread, RM_U64X8, (struct rm_key){ .word = 9 }, &value);
	rm_map_upsert(
	        ops, thread, RM_U64X8, (struct rm_key){ .word = 2 }, &value);
	rm_map_remove(ops, thread, RM_U64X8, (struct rm_key){ .word = 1 });
	found = ops->lookup(
	        thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	ops->leave(thread);
	ops->destroy(map);
	return found;
}

/* Runs all three modes of the pair on several threads. */
static void pair_modes(void)
{
	bool right = true;

	for (uint64_t mode = 0; mode < 3; mode++) {
		struct technique_run run = {
			.threads = 4, .iterations = 6400, .args = { mode }
		};

		right &= technique_play(&run, "pair_adjacent");
		technique_end(&run);
		right &= technique_play(&run, "pair_padded");
		technique_end(&run);
	}
	CHECK(right, "no addition to a pair is lost, adjacent or padded");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		check_pair(&pairs[i]);
	losses_are_counted();
	check_costs();
	a_large_registry_is_used();
	copies_race_with_assignments();
	pair_modes();
	servers_open_during_sweeps();
	CHECK(!removed_key_is_found("syncmap"),
	        "sync.Map: a removed key is gone");
	CHECK(removed_key_is_found("syncmap_back_door"),
	        "a key deleted without the methods is still found");
	return DONE();
}
