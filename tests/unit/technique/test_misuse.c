/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone: the load decides how often threads meet.
 */
/*
 * test_misuse.c - techniques that are right and their misuse: the wrong ones
 * are caught, or shown by a count, 20 times of 20; the right ones never. What
 * races holds its own window open (technique_give_way()), tens of times a run:
 * shown is that the check sees the fault, not that it would find a rare one.
 */
#include "tests/unit/technique/techniques.h"

/* The injected bugs leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static const struct pair {
	const char *wrong, *why, *right;
	struct technique_run run;
} pairs[] = {
	{ "handle_shared", "two variables, one map", "handle_clone",
	        { .threads = 2, .iterations = 5000, .args = { 100 } } },
	{ "handle_header", "torn headers", "handle_clone",
	        { .threads = 2, .iterations = 20000, .args = { 100 } } },
	{ "increment_unguarded", "concurrent map writes", "increment_rw",
	        { .threads = 10, .iterations = 20000, .args = { 10 } } },
	{ "increment_unguarded", "concurrent map writes", "increment_rw",
	        { .threads = 10, .iterations = 20000, .args = { 1 } } },
	{ "range_list", "some were skipped", "range_counter",
	        { .threads = 4, .iterations = 20000, .args = { 100 } } },
	{ "cleanup_delete", "outlived their connection", "cleanup_cancel",
	        { .threads = 2, .iterations = 200, .args = { 500 } } },
};

static void caught(const struct pair *pair)
{
	struct technique_run run = pair->run;
	char name[100];

	snprintf(name, sizeof(name),
	        "%s, its window held open, is caught 20 times of 20: %s",
	        pair->wrong, pair->why);
	CHECK(technique_caught(&run, pair->wrong, pair->why, 20) == 20, name);
	run = pair->run;
	snprintf(name, sizeof(name), "%s is not accused in 20 runs",
	        pair->right);
	CHECK(technique_caught(&run, pair->right, "", 20) == 0, name);
}

/* The reason is of increments that were done and are not held: as many as the
   statistic says, of as many as there were. */
static void lost_are_counted(void)
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
	        "the reason says how many increments were lost");
	CHECK(lost > 0 && all == 10 * 20000 &&
	                (double)lost == technique_stat(&run, "increments_lost"),
	        "and means those that the map does not hold");
	technique_end(&run);
}

/* A statistic of one thread's run, which does not depend on luck. */
static double alone(const char *id, const char *name, uint64_t arg)
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

/* One thread assigns 100,000 times and back, the other copies 100,000 times. */
static struct technique_run assigned_and_copied(const char *id)
{
	struct technique_run run = {
		.threads = 2, .iterations = 100000, .args = { 100 }, .seed = 7
	};

	technique_play(&run, id);
	return run;
}

/* Copies are of other maps now and then, in every form: the variable is really
   assigned while it is copied. Only the header of several words tears. */
static void variables_are_assigned(void)
{
	static const char *const ids[] = { "handle_shared", "handle_clone",
		"handle_header" };

	for (size_t i = 0; i < 3; i++) {
		struct technique_run run = assigned_and_copied(ids[i]);
		const double torn = technique_stat(&run, "torn_headers");

		printf("# %s: %.0f torn, %.0f nil, %.0f of other maps\n",
		        ids[i], torn, technique_stat(&run, "torn_nil_buckets"),
		        technique_stat(&run, "copies_of_other_maps"));
		CHECK(technique_stat(&run, "copies") >= 100000 &&
		                technique_stat(&run, "copies_of_other_maps") >
		                        0,
		        "copies are of the map that is assigned just then");
		CHECK(i == 2 ? torn > 0 : torn == 0,
		        i == 2 ? "a header of several words tears"
		               : "a variable of one word does not tear");
		technique_end(&run);
	}
}

/* What is not wrong but dear, in counts. */
static void shown(void)
{
	CHECK(alone("range_list", "ranges_looked_at", 1000) == 999 * 500,
	        "a list of n ranges is looked through: n/2 per request");
	CHECK(alone("range_list", "ranges_looked_at", 10) == 4500 &&
	                alone("range_counter", "ranges_looked_at", 1000) ==
	                        1000,
	        "fewer in a shorter list, one in a counter");
	CHECK(alone("pair_adjacent", "lines", 0) == 1 &&
	                alone("pair_adjacent", "distance", 0) == 8,
	        "adjacent words share a line");
	CHECK(alone("pair_padded", "lines", 0) == 2 &&
	                alone("pair_padded", "distance", 0) == 64,
	        "56 bytes between them make it two");
	/* a thread alone writes and copies in turn, 1000 times */
	CHECK(alone("handle_shared", "copies", 10) == 500 &&
	                alone("handle_shared", "writes_seen_through_original",
	                        10) == 500 &&
	                alone("handle_clone", "copies", 10) == 500 &&
	                alone("handle_clone", "writes_seen_through_original",
	                        10) == 0,
	        "each write to an assigned variable is seen in the original, "
	        "none to a clone");
	CHECK(alone("cleanup_cancel", "open_max", 16000) > 16000 / 3.0 &&
	                alone("cleanup_cancel", "open_max", 16000) < 16000 &&
	                alone("cleanup_cancel", "refused", 16000) == 0,
	        "a registry for many has many open at one time");
	CHECK(alone("cleanup_cancel", "closed_by_timer", 100) > 0 &&
	                alone("cleanup_cancel", "refused", 100) == 0 &&
	                alone("cleanup_delete", "refused", 100) > 0,
	        "handlers that are left take the room of new connections");
}

/* Servers open connections while the timer sweeps, in each run. */
static void sweeps_are_written_into(void)
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

/* A key that read and dirty have is removed: does a lookup still find it? */
static bool still_there(const char *id)
{
	const struct rm_map_ops *ops = rm_impl_find(id)->ops;
	struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };
	struct rm_value value = { { 1 } };
	void *map = ops->create(&sizing);
	void *thread = ops->join(map, 0);
	bool found;

	ops->upsert(thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	for (int i = 0; i < 3; i++) /* misses promote */
		ops->lookup(
		        thread, RM_U64X8, (struct rm_key){ .word = 9 }, &value);
	ops->upsert(thread, RM_U64X8, (struct rm_key){ .word = 2 }, &value);
	ops->remove(thread, RM_U64X8, (struct rm_key){ .word = 1 });
	found = ops->lookup(
	        thread, RM_U64X8, (struct rm_key){ .word = 1 }, &value);
	ops->leave(thread);
	ops->destroy(map);
	return found;
}

/* All three modes of the pair add up on several threads. */
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
	CHECK(right, "no addition to a pair is lost, wherever it lies");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		caught(&pairs[i]);
	lost_are_counted();
	shown();
	variables_are_assigned();
	pair_modes();
	sweeps_are_written_into();
	CHECK(!still_there("syncmap"), "sync.Map: what is removed is gone");
	CHECK(still_there("syncmap_back_door"),
	        "deleted through the back door, it is still found");
	return DONE();
}
