/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone: other load changes how often threads collide.
 */
/* Tests the kinds of loops: their texts, generic loops on correct maps and on a
   wrong one, and loops that belong to a map or technique. */
#include "impls/support/no_handle.h"
#include "runner/base/sanitized.h"
#include "runner/driver.h"
#include "runner/impl.h"
#include "tests/unit/trial/run_trial.h"

#include <math.h>

static bool reads_as(const char *text, const char *expected)
{
	struct rm_loop loop;
	char back[RM_LOOP_BYTES];

	if (rm_loop_parse(text, &loop))
		return false;
	rm_loop_text(&loop, back);
	if (strcmp(back, expected))
		printf("# \"%s\" reads as \"%s\"\n", text, back);
	return !strcmp(back, expected);
}

static void texts(void)
{
	static const char *const bad[] = {
		"", ":", "mix:1", "scan:", "scan:0", "scan:1:1", "scan:-1",
		"hold:1", "hold:1ms:1ms:1:1", "pair:xx", "pair:r", "pair:rr rw",
		"Mix", "mix ", "stock:1s", "lifecycle:4:254", "lifecycle:4:0",
		"stall:0s", "stall:1", "stall:1ms:1",
		"hold:1ms:100us:1:1111111111111111111111111111111111111111111"
	};
	bool refused = true, stable = true;

	CHECK(reads_as("mix", "mix") && reads_as("fill", "fill"),
	        "a loop without numbers is its name");
	CHECK(reads_as("scan", "scan:1") && reads_as("scan:2", "scan:2") &&
	                reads_as("stock:1k", "stock:1000"),
	        "numbers have defaults and are written");
	CHECK(reads_as("hold", "hold:1ms:100us:1") &&
	                reads_as("hold:2ms", "hold:2ms:100us:1") &&
	                reads_as("hold:1500us:1s:4", "hold:1500us:1s:4"),
	        "times have the largest unit that keeps them integers");
	CHECK(reads_as("lifecycle", "lifecycle:10") &&
	                reads_as("lifecycle:64:4", "lifecycle:64") &&
	                reads_as("lifecycle:4:64", "lifecycle:4:64"),
	        "slots are written unless they are the default of four");
	CHECK(reads_as("pair", "pair:ww") && reads_as("pair:rw", "pair:rw"),
	        "words are written as they are");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rm_loop loop = { RM_LOOP_HASH, { 7, 7, 7 } };

		if (rm_loop_parse(bad[i], &loop) == 0 ||
		        loop.kind != RM_LOOP_HASH || loop.args[2] != 7) {
			printf("# accepted \"%s\"\n", bad[i]);
			refused = false;
		}
	}
	CHECK(refused, "an invalid loop is rejected and nothing is stored");
	for (int kind = 0; kind < RM_LOOP_KINDS; kind++) {
		struct rm_loop loop, again;
		char text[RM_LOOP_BYTES];

		stable = stable && !rm_loop_parse(rm_loop_name(kind), &loop) &&
		         !rm_loop_parse(rm_loop_text(&loop, text), &again) &&
		         !memcmp(&loop, &again, sizeof(loop));
	}
	CHECK(stable, "each kind's text reads back equal");
}

static void scans_run_beside_writers(void)
{
	struct rm_request request = loop_request("gomap_rw", "scan:1");
	json_t *result;

	request.cell.write_kind = RM_CHURN;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "ok", ""),
	        "scan: keys add up with a concurrent scanner");
	CHECK(stat_of(result, "scan_count") == 6400,
	        "the scanner does as many scans as the window requires");
	CHECK(stat_of(result, "scan_entries") >= 6400 * 999.0 &&
	                stat_of(result, "scan_entries") <= 6400 * 1000.0,
	        "each scan visits every key, except one that is just being "
	        "removed");
	CHECK(stat_of(result, "scan_p99") > 0 &&
	                stat_of(result, "scan_max") >=
	                        stat_of(result, "scan_p50"),
	        "each scan is timed");
	CHECK(number_of(result, "writes") > 400,
	        "the other thread runs the mix");
	json_decref(result);
}

/* During the whole window one reader repeatedly stops in the read section of a
   scan. The other thread writes as fast as it can. */
static json_t *stalled(const char *map, uint64_t window_ns)
{
	struct rm_request request = loop_request(map, "stall:1s");

	request.cell.write_share = 1;
	request.cell.window_ops = 0;
	request.cell.window_ns = window_ns;
	return run_on(&request, rm_impl_find(map));
}

/* Tests the effects of a stopped reader on reclamation. An epoch cannot end
   before the reader leaves, a hazard pointer retains one object, and a lock
   keeps writers out. A retired value takes at least 32 bytes, and the writer
   starts after the reader has stopped, so no bound depends on speed. */
static void a_reader_who_stands(void)
{
	enum { WINDOW_NS = 300000000, BYTES = 4, MORE = 8 << 20 };
	json_t *epoch = stalled("hashtriemap", WINDOW_NS);
	json_t *hazard = stalled("syncmap_hp", WINDOW_NS);
	json_t *lock = stalled("gomap_rw", WINDOW_NS);
	double writes = number_of(epoch, "writes");

	CHECK(is(epoch, "ok", "") && is(hazard, "ok", "") && is(lock, "ok", ""),
	        "stall: keys add up with a stopped reader and writers");
	CHECK(stat_of(epoch, "stall_count") >= 1 &&
	                stat_of(epoch, "stall_max") > 0,
	        "the reader's stops are counted and timed");
	CHECK(writes > 0 &&
	                stat_of(epoch, "stall_retained_bytes") > BYTES * writes,
	        "with epochs retired memory grows with each write");
	if (rm_sanitized()) /* the sanitizer keeps freed memory */
		SKIP("with hazard pointers retired memory is bounded",
		        "this build uses a sanitizer");
	else
		CHECK(stat_of(hazard, "stall_retained_bytes") < MORE,
		        "with hazard pointers retired memory is bounded");
	CHECK(number_of(lock, "writes") <= RM_BATCH,
	        "a lock keeps writers out");
	printf("# writes %.0f, %.0f, %.0f; bytes %.0f, %.0f\n", writes,
	        number_of(hazard, "writes"), number_of(lock, "writes"),
	        stat_of(epoch, "stall_retained_bytes"),
	        stat_of(hazard, "stall_retained_bytes"));
	json_decref(epoch);
	json_decref(hazard);
	json_decref(lock);
}

/* The plan skips such cells. If another source requests them, the trial is
   void. */
static void writes_that_nobody_does_are_no_result(void)
{
	struct rm_request request = loop_request("gomap_rw", "scan:2");
	json_t *result = run_on(&request, rm_impl_find("gomap_rw"));

	CHECK(is(result, "void", "requested 0.10000: all threads scan"),
	        "a scan without a thread for writes is void");
	json_decref(result);
	request = loop_request("gomap_rw", "scan:2");
	request.cell.write_share = 0;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "ok", ""), "a scan without writes is ok");
	json_decref(result);
}

/* null_map finds each key, including absent ones. */
static void the_floor_has_misses(void)
{
	struct rm_request request = loop_request("null_map", "mix");
	json_t *result;

	request.cell.miss_share = 0.1;
	request.cell.window_ops = 640000; /* a window long enough for the
	                                     clock */
	result = run_on(&request, rm_impl_find("null_map"));
	CHECK(is(result, "ok", "") &&
	                number_of(result, "achieved_miss_share") == 0,
	        "the driver alone can be measured with a miss share");
	json_decref(result);
}

static void no_arrival_is_told(void)
{
	struct rm_request request = loop_request("gomap_rw", "paced");
	json_t *result;

	request.cell.measure = RM_MEASURE_LATENCY;
	request.cell.window_ops = 0;
	request.cell.window_ns = 100000;
	request.cell.rate_per_s = 0.001;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "void", "no arrival in the window of 0.100 ms"),
	        "a window before the first arrival is void");
	json_decref(result);
}

static void fills_end_full(void)
{
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct rm_request request = loop_request("syncmap", "fill");
		json_t *result;

		request.cell.threads = threads;
		request.cell.presize = false;
		result = run_on(&request, rm_impl_find("syncmap"));
		CHECK(is(result, "ok", "") &&
		                number_of(result, "keys_after") == 1000 &&
		                number_of(result, "keys_before") == 0 &&
		                number_of(result, "ops") == 1000 &&
		                stat_of(result, "insert_count") == 1000,
		        "fill inserts all keys into an empty map, each once");
		json_decref(result);
	}
}

static void fills_at_random_mix_inserts_and_updates(void)
{
	struct rm_request request = loop_request("syncmap", "random-fill");
	json_t *result;

	request.cell.keys = 10000;
	request.cell.window_ops = 5000;
	result = run_on(&request, rm_impl_find("syncmap"));
	/* expects 1 - 1/e of the keys, that is 6321, with a standard deviation
	   of 31 */
	CHECK(is(result, "ok", "") &&
	                fabs(number_of(result, "keys_after") - 6321) < 200 &&
	                number_of(result, "keys_before") == 0 &&
	                number_of(result, "ops") == 10000 &&
	                number_of(result, "inserts") ==
	                        number_of(result, "keys_after") &&
	                stat_of(result, "write_count") == 10000,
	        "random-fill: as many writes as keys, of random keys");
	json_decref(result);
}

static void turns_are_strict(void)
{
	for (int kind = RM_UPDATE; kind <= RM_FRESH; kind++) {
		struct rm_request request =
		        loop_request("gomap_rw", "alternate");
		json_t *result;

		request.cell.write_kind = (enum rm_write_kind)kind;
		result = run_on(&request, rm_impl_find("gomap_rw"));
		/* half of the 6400 turns of each thread are writes, which are
		   two operations unless they are updates */
		CHECK(is(result, "ok", "") &&
		                number_of(result, "writes") ==
		                        (kind == RM_UPDATE ? 6400 : 12800) &&
		                number_of(result, "lookups") == 6400,
		        "the loop alternate makes a look-up, then a write, and "
		        "repeats them");
		json_decref(result);
	}
}

/* Tests loops with a fixed share of writes, which differs from the requested 10
   %. */
static void shares_of_writes_are_those_of_the_table(void)
{
	static const char *const loops[] = { "fill", "random-fill", "alternate",
		"litmus:store-buffering", "litmus:take-twice", "grow:1",
		"grow:9", "grow:3:1" };
	enum { LOOPS = sizeof(loops) / sizeof(*loops), KINDS = 3 };

	for (int i = 0; i < LOOPS * KINDS; i++) {
		struct rm_request request =
		        loop_request("syncmap", loops[i / KINDS]);
		json_t *result;

		request.cell.write_kind = (enum rm_write_kind)(i % KINDS);
		request.cell.window_ops = 64;
		result = run_on(&request, rm_impl_find("syncmap"));
		CHECK(fabs(number_of(result, "achieved_write_share") -
		              rm_cell_fixed_write_share(&request.cell)) < 1e-4,
		        "a loop achieves its fixed share of writes");
		json_decref(result);
	}
}

static void sessions_come_and_go(void)
{
	static const char *const maps[] = { "gomap_rw", "syncmap",
		"urcu_lfht" };

	for (size_t i = 0; i < 3; i++) {
		struct rm_request request =
		        loop_request(maps[i], "lifecycle:10");
		const struct rm_impl *impl = rm_impl_find(maps[i]);
		json_t *result;

		if (!impl) {
			json_decref(request.counters);
			continue; /* the library is not installed */
		}
		request.cell.threads = 3;
		request.cell.warm_up_ns = 1000000;
		result = run_on(&request, impl);
		CHECK(is(result, "ok", ""), "lifecycle: keys add up");
		CHECK(number_of(result, "keys_after") == 1000,
		        "the number of open sessions stays the same");
		/* of 3 x 6400 steps one in 11 renews, which is 1745 on
		   average */
		CHECK(stat_of(result, "renew_count") > 1500 &&
		                stat_of(result, "renew_count") < 2000 &&
		                number_of(result, "misses_resident") == 0,
		        "one step in eleven renews, and each touch hits");
		json_decref(result);
	}
}

/* Tests null_map, which measures the cost of the driver and finds all keys. */
static void the_floor_has_sessions_too(void)
{
	struct rm_request request = loop_request("null_map", "lifecycle:10");
	json_t *result = run_on(&request, rm_impl_find("null_map"));

	CHECK(is(result, "ok", ""), "lifecycle with a map without state runs");
	json_decref(result);
}

/* The window counts only steps; opening and closing 1000 sessions would add
   2000 writes. Of 3 x 6400 steps one in 11 renews. Of the other 17,455 steps a
   tenth stores, with a standard deviation of 40. */
static bool steps_only(const json_t *result)
{
	const double renewals = number_of(result, "ops") - 19200;
	const double stores = number_of(result, "writes") - 2 * renewals;

	return number_of(result, "inserts") == renewals &&
	       number_of(result, "removes") == renewals && renewals > 1500 &&
	       renewals < 2000 && stores > 1500 && stores < 2000 &&
	       number_of(result, "lookups") == 19200 - renewals - stores;
}

/* Tests maps that implement the life cycle through handles. */
static void sessions_are_held_before_the_window(void)
{
	static const char *const maps[] = { "shard_life", "shard_life_hash",
		"shard_life_rlock", "slab", "slab_boxed", "gomap_rw" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		struct rm_request request =
		        loop_request(maps[i], "lifecycle:10");
		const bool life = !strncmp(maps[i], "shard_life", 10);
		json_t *result;

		request.cell.threads = 3;
		request.cell.warm_up_ns = i % 2 ? 1000000 : 0;
		request.cell.write_kind = i % 2 ? RM_CHURN : RM_UPDATE;
		result = run_on(&request, rm_impl_find(maps[i]));
		CHECK(is(result, "ok", ""), "lifecycle: the counts add up");
		CHECK(steps_only(result), "only steps are counted, with the "
		                          "requested share of writes");
		CHECK(!life || (stat_of(result, "connections") == 1000 &&
		                       stat_of(result, "shard_imbalance") >= 1),
		        "shard statistics describe the window's end");
		json_decref(result);
	}
}

/* Tests that the younger 90 % of the sessions are rarely touched. */
static void touches_follow_the_distribution(void)
{
	struct rm_request request = loop_request("shard_life", "lifecycle:10");
	struct rm_worker worker = { .resident = 1000, .threads = 3, .slot = 1 };
	static struct rm_skew skew;
	uint64_t old = 0, rng = 5;

	request.cell.dist = RM_DIST_HOT;
	request.cell.dist_a = 0.1;
	request.cell.dist_b = 0.99;
	rm_skew_init(&skew, &request.cell, 1000, 1000, 7);
	worker.skew = &skew;
	for (int i = 0; i < 10000; i++)
		old += rm_draw_session(&worker, rm_next(&rng), 333) < 34;
	CHECK(old > 9850 && old < 9950,
	        "hot:10%:99%: the oldest tenth gets 99 of 100 touches");
	json_decref(request.counters);
	CHECK(rm_sessions_held(&worker) == 333 &&
	                (worker.slot = 0, rm_sessions_held(&worker) == 334),
	        "the threads together hold all keys");
}

static void two_threads_meet_on_keys(void)
{
	static const char *const maps[] = { "gomap_rw", "syncmap",
		"hashtriemap" };

	for (size_t i = 0; i < 6; i++) {
		struct rm_request request = loop_request(
		        maps[i % 3], i < 3 ? "litmus" : "litmus:take-twice");
		json_t *result;

		request.cell.threads = 4;
		/* on a busy machine a round takes two time slices */
		request.cell.window_ops = i < 3 ? 64 : 640;
		request.cell.write_kind = RM_CHURN;
		result = run_on(&request, rm_impl_find(maps[i % 3]));
		CHECK(is(result, "ok", "") && number_of(result, "ops") >=
		                                      (i < 3 ? 256 : 2560),
		        i < 3 ? "store-buffering: all rounds are completed"
		              : "take-twice: removals are accounted");
		CHECK(stat_of(result, "both_saw_old") == (i < 3 ? 0 : -1),
		        "no round of store-buffering loaded two old values");
		json_decref(result);
	}
}

/*
 * The look-ups of this map return the value before the last write. So each
 * thread of a pair sees the previous round, whichever is first. This has the
 * effect of a store buffer.
 */
enum { STALE_KEYS = 1000 };

static struct {
	uint64_t word;
	bool there; /* needed by the writer of the value, since 0 is a valid
	               value */
	_Atomic uint64_t now, before;
} stale[STALE_KEYS];

static void *stale_create(const struct rm_sizing *sizing)
{
	struct rm_key_bytes line;

	for (uint64_t rank = 0; rank < STALE_KEYS; rank++) {
		stale[rank].word = rm_key_of(sizing->shape, rank, &line).word;
		stale[rank].there = false;
	}
	return stale;
}

static size_t stale_rank(struct rm_key key)
{
	size_t rank = 0;

	while (stale[rank].word != key.word)
		rank++;
	return rank;
}

static bool stale_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)thread, (void)shape;
	value->word[0] = atomic_load(&stale[stale_rank(key)].before);
	return true;
}

static bool stale_upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	size_t rank = stale_rank(key);
	const bool there = stale[rank].there;
	uint64_t last = atomic_exchange(&stale[rank].now, value->word[0]);

	(void)thread, (void)shape;
	/* the first write has no predecessor */
	atomic_store(&stale[rank].before, there ? last : value->word[0]);
	stale[rank].there = true;
	return there;
}

static const struct rm_map_ops stale_ops = { .create = stale_create,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.quiesce = nothing,
	.lookup = stale_lookup,
	.upsert = stale_upsert };
static const struct rm_impl stale_map = { .id = "stale", .ops = &stale_ops };

static void two_old_values_in_a_round_are_seen(void)
{
	bool failed = true;
	int short_of = 0;

	/* runs after warm-ups of zero, one, two ... rounds */
	for (int i = 0; i < 100; i++) {
		struct rm_request request = loop_request("stale", "litmus");
		json_t *result;

		request.cell.window_ops = 64;
		request.cell.warm_up_ns = (uint64_t)i * 50;
		result = run_on(&request, &stale_map);
		failed &= is(result, "failed", "torn");
		short_of += stat_of(result, "both_saw_old") != 64;
		json_decref(result);
	}
	CHECK(failed, "store-buffering: a map that shows it fails");
	CHECK(short_of == 0, "both_saw_old counts the rounds of such a map");
}

/* A technique with a loop of its own, which counts turns and can be made
   wrong. */
static struct own {
	_Atomic uint64_t turns;
	uint64_t items;
	bool wrong, off, wild;
} own;

static void *create(const struct rm_sizing *sizing)
{
	atomic_store(&own.turns, 0);
	own.items = sizing->loop_args[0];
	return &own;
}

static bool adds_up(void *map, char *why, size_t size)
{
	(void)map;
	snprintf(why, size, "oversold by one");
	return !own.off;
}

static void stats(void *map, rm_stat_fn *emit, void *context)
{
	(void)map;
	emit(context, "turns", "1", (double)atomic_load(&own.turns));
}

static void stock(struct rm_worker *worker)
{
	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		atomic_fetch_add(&own.turns, 1);
		worker->counts.iterations++;
	}
	worker->counts.wrong |= own.wrong;
	/* acts like a loop that also counts work outside the window */
	worker->counts.writes += own.wild * (worker->counts.iterations + 1);
}

static const struct rm_map_ops own_ops = { .create = create,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.quiesce = nothing,
	.stats = stats,
	.check = adds_up };
static const struct rm_own_loop loops[] = { { "stock", stock },
	{ NULL, NULL } };
static const struct rm_impl technique = {
	.id = "technique", .ops = &own_ops, .loops = loops
};

static void own_loops_are_judged_by_their_check(void)
{
	struct rm_request request = loop_request("technique", "stock:77");
	json_t *result = run_on(&request, &technique);

	CHECK(is(result, "ok", "") && number_of(result, "ops") == 12800 &&
	                own.items == 77,
	        "a technique's own loop runs with its arguments");
	CHECK(stat_of(result, "turns") == 12800 &&
	                json_is_null(json_object_get(result, "keys_after")),
	        "the result of a technique has its statistics, but no keys");
	json_decref(result);
	own.off = true;
	request = loop_request("technique", "stock");
	result = run_on(&request, &technique);
	CHECK(is(result, "failed", "oversold by one"),
	        "a failed check fails the trial with its reason");
	json_decref(result);
	own = (struct own){ .wrong = true };
	request = loop_request("technique", "stock");
	result = run_on(&request, &technique);
	CHECK(is(result, "failed", "another key's value"),
	        "a wrong answer fails the trial");
	json_decref(result);
	own = (struct own){ .wild = true };
	request = loop_request("technique", "stock");
	result = run_on(&request, &technique);
	CHECK(is(result, "failed",
	              "counted impossible numbers: 6400 iterations, 6401 "
	              "writes"),
	        "more writes than iterations are reported as an error");
	json_decref(result);
}

/* Each of two threads makes 20 turns, because an audit may take a second. This
   does not test whether such a window is long enough for the clock. */
static void a_window_of_few_turns_has_no_more(void)
{
	static const struct {
		const char *map, *loop, *told;
		double ops;
	} cases[] = {
		{ "technique", "stock:77",
		        "a technique's loop does as many turns as requested",
		        40 },
		{ "gomap_rw", "alternate",
		        "a loop of every map does as many turns as requested",
		        40 },
		{ "gomap_rw", "mix",
		        "the mix does more turns, since it runs in batches",
		        2 * RM_BATCH }
	};
	struct rm_request request;
	json_t *result;

	own = (struct own){ .off = false };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		request = loop_request(cases[i].map, cases[i].loop);
		request.cell.window_ops = 20;
		result = run_on(
		        &request, i ? rm_impl_find(cases[i].map) : &technique);
		CHECK(number_of(result, "ops") == cases[i].ops, cases[i].told);
		json_decref(result);
	}
	request = loop_request("gomap_rw", "scan:1");
	request.cell.window_ops = 20;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(stat_of(result, "scan_count") == 20,
	        "next to the mix, a scanner makes as many scans");
	json_decref(result);
}

/* Runs with a faster clock. If limits of age are to take effect, the window is
   long enough even for threads that wait for a CPU most of the time. `hot` is
   the share of accesses to 1 % of the keys, and `writes` the share of
   writes. */
static json_t *beside_a_clock(const char *map, const char *loop, double hot,
        double writes, enum rm_clock_rate rate)
{
	struct rm_request request = loop_request(map, loop);

	request.cell.window_ops = 0;
	request.cell.window_ns =
	        rate == RM_CLOCK_RATE_1 ? 100000000 : 1000000000;
	request.cell.clock_rate = rate;
	request.cell.dist = RM_DIST_HOT;
	request.cell.dist_a = 0.01;
	request.cell.dist_b = hot;
	request.cell.write_share = writes;
	return run_on(&request, rm_impl_find(map));
}

/* True if the answers agree with the map. A trial with a timed window may be
   void because a thread had no CPU for half of the window. That is accepted. */
static bool is_right(const json_t *result)
{
	const json_t *verified = json_object_get(result, "verification");

	return !strcmp(text_of(verified, "status"), "ok") &&
	       (is(result, "ok", "") || is(result, "void", "CPU was busy") ||
	               is(result, "void", "never scheduled"));
}

/* True if each thread ran for most of the window. */
static bool had_cpus(const json_t *result)
{
	const json_t *thread;
	size_t i;

	json_array_foreach (json_object_get(result, "by_thread"), i, thread)
		if (number_of(thread, "cpu_ns") * 2 <
		        number_of(thread, "elapsed_ns"))
			return false;
	return i > 0;
}

/* At rate 1000 a window of 1 s is 1000 s for expiry. Entries of 10 s and more
   are refreshed, and connections without a touch for 30 s are late. A thread
   that waited for a CPU finds entries of 30 s and more, which have expired
   (test_local_cache tests both separately). The stream of 2^20 ranks of a
   thread restarts at its end. If touches only read, that takes less than 30 ms
   on a fast machine, and then no connection is late. Therefore touches
   write. */
static void limits_act_on_a_faster_clock(void)
{
	static const enum rm_clock_rate rates[] = { RM_CLOCK_RATE_1,
		RM_CLOCK_RATE_1000 };

	for (int i = 0; i < 2; i++) {
		json_t *cache = beside_a_clock(
		        "local_cache_ttl", "mix", 0.995, 0.1, rates[i]);
		json_t *life = beside_a_clock("shard_life",
		        "lifecycle:100000000", 0.9999, 1, rates[i]);
		const double expiries = stat_of(cache, "cache_expiries");
		const double refreshes = stat_of(cache, "cache_refreshes");
		const double late = stat_of(life, "late_touches");

		CHECK(is_right(cache) && is_right(life),
		        "the counts add up at any rate of the clock");
		CHECK(!i                  ? refreshes == 0 && expiries == 0
		        : had_cpus(cache) ? refreshes > 0 && expiries > 0
		                          : refreshes + expiries > 0,
		        i ? "refresh and TTL take effect"
		          : "with a real-time clock neither limit takes "
		            "effect");
		CHECK(i ? late > 0 && stat_of(life, "shard_idle_max") > 0
		        : late == 0,
		        i ? "connections without a touch for 30 s are late"
		          : "no connection is late");
		json_decref(cache);
		json_decref(life);
	}
}

/* Operations are timed only with measure = latency. */
static void stock_times_its_operations(void)
{
	for (int timed = 0; timed < 2; timed++) {
		struct rm_request request =
		        loop_request("stock_rw", "stock:6400");
		json_t *result;

		if (timed)
			request.cell.measure = RM_MEASURE_LATENCY;
		result = run_on(&request, rm_impl_find("stock_rw"));
		CHECK(is(result, "ok", "") && stat_of(result, "sold") == 6400 &&
		                stat_of(result, "refused") == 6400,
		        "stock is sold and refused");
		CHECK(timed ? stat_of(result, "sale_p99") >=
		                                stat_of(result, "sale_p50") &&
		                        stat_of(result, "sale_p50") > 0 &&
		                        stat_of(result, "refusal_p99") > 0 &&
		                        stat_of(result, "sale_max") >=
		                                stat_of(result, "sale_p99")
		            : stat_of(result, "sale_p99") == -1 &&
		                        stat_of(result, "refusal_p99") == -1,
		        timed ? "sales and refusals are timed separately"
		              : "sales and refusals are not timed unless "
		                "requested");
		json_decref(result);
	}
}

/* Computes the blocked shares of three readers and a writer that hold the lock
   for 1 ms each. */
static void held_locks_tell_who_is_blocked(void)
{
	struct rm_request request =
	        loop_request("hold_go_rw", "hold:1ms:1ms:1");
	json_t *result;
	double writes, reads, all;

	request.cell.threads = 4;
	request.cell.window_ops = 64;
	request.cell.measure = RM_MEASURE_LATENCY;
	result = run_on(&request, rm_impl_find("hold_go_rw"));
	writes = stat_of(result, "write_blocked_share");
	reads = stat_of(result, "read_blocked_share");
	all = stat_of(result, "blocked_share");
	CHECK(is(result, "ok", "") && stat_of(result, "write_cycles") == 64 &&
	                stat_of(result, "read_cycles") == 192,
	        "hold: as many cycles as requested");
	/* each of the four holds the lock for 64 ms; a reader waits during most
	   of the writer's time, and the writer waits for the last reader */
	CHECK(writes > 0 && writes < 1 && reads > 0 && reads < 1 &&
	                all > fmin(writes, reads) && all < fmax(writes, reads),
	        "the blocked share is between readers' and writers'");
	CHECK(stat_of(result, "read_wait_p99") >=
	                        stat_of(result, "read_wait_p50") &&
	                stat_of(result, "write_wait_p99") > 0,
	        "waits have a P99");
	json_decref(result);
}

static void what_a_subject_cannot_do_is_refused(void)
{
	static const char *const cases[][2] = { { "gomap_rw", "stock" },
		{ "null_map", "scan" } };

	for (size_t i = 0; i < 2; i++) {
		struct rm_request request =
		        loop_request(cases[i][0], cases[i][1]);
		json_t *result = rm_trial_run(&request);

		CHECK(is(result, "failed", "does not support loop"),
		        "a loop that the technique cannot run is rejected");
		json_decref(result);
		json_decref(request.counters);
	}
}

int main(void)
{
	texts();
	scans_run_beside_writers();
	a_reader_who_stands();
	writes_that_nobody_does_are_no_result();
	the_floor_has_misses();
	no_arrival_is_told();
	fills_end_full();
	fills_at_random_mix_inserts_and_updates();
	turns_are_strict();
	shares_of_writes_are_those_of_the_table();
	sessions_come_and_go();
	the_floor_has_sessions_too();
	sessions_are_held_before_the_window();
	touches_follow_the_distribution();
	two_threads_meet_on_keys();
	two_old_values_in_a_round_are_seen();
	own_loops_are_judged_by_their_check();
	a_window_of_few_turns_has_no_more();
	limits_act_on_a_faster_clock();
	stock_times_its_operations();
	held_locks_tell_who_is_blocked();
	what_a_subject_cannot_do_is_refused();
	return DONE();
}
