/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of loops: their texts, the generic ones on real maps and on one
   that is wrong, and loops that a subject brings itself. */
#include "runner/driver.h"
#include "runner/impl_table.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

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
		"Mix", "mix ", "stock:1s",
		"hold:1ms:100us:1:1111111111111111111111111111111111111111111"
	};
	bool refused = true, stable = true;

	CHECK(reads_as("mix", "mix") && reads_as("fill", "fill"),
	        "a loop without numbers is its name");
	CHECK(reads_as("scan", "scan:1") && reads_as("scan:2", "scan:2") &&
	                reads_as("stock:1k", "stock:1000"),
	        "numbers have defaults, and stand in the text");
	CHECK(reads_as("hold", "hold:1ms:100us:1") &&
	                reads_as("hold:2ms", "hold:2ms:100us:1") &&
	                reads_as("hold:1500us:1s:4", "hold:1500us:1s:4"),
	        "times have the largest unit that keeps them whole");
	CHECK(reads_as("pair", "pair:ww") && reads_as("pair:rw", "pair:rw"),
	        "words are words");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rm_loop loop = { RM_LOOP_HASH, { 7, 7, 7 } };

		if (rm_loop_parse(bad[i], &loop) == 0 ||
		        loop.kind != RM_LOOP_HASH || loop.args[2] != 7) {
			printf("# accepted \"%s\"\n", bad[i]);
			refused = false;
		}
	}
	CHECK(refused, "what is no loop is refused and nothing is stored");
	for (int kind = 0; kind < RM_LOOP_KINDS; kind++) {
		struct rm_loop loop, again;
		char text[RM_LOOP_BYTES];

		stable = stable && !rm_loop_parse(rm_loop_name(kind), &loop) &&
		         !rm_loop_parse(rm_loop_text(&loop, text), &again) &&
		         !memcmp(&loop, &again, sizeof(loop));
	}
	CHECK(stable, "each kind's text reads back equal");
}

static struct rm_request request_of(const char *map, const char *loop)
{
	struct rm_request request = { .seed = 11,
		.counters = json_pack("{s:s}", "backend", "none"),
		.cell = { .id = "test",
		        .shape = RM_U64X8,
		        .keys = 1000,
		        .write_share = 0.1,
		        .threads = 2,
		        .memory = "first-touch",
		        .presize = true,
		        .window_ops = 6400,
		        .deadline_ns = 60000000000,
		        .measure = RM_MEASURE_THROUGHPUT } };

	strcpy(request.cell.map, map);
	if (rm_loop_parse(loop, &request.cell.loop))
		abort();
	return request;
}

/* Runs it on `impl` and drops the request. */
static json_t *run_on(struct rm_request *request, const struct rm_impl *impl)
{
	struct rm_team team;
	json_t *result;

	rm_team_run(&team, request, impl);
	result = rm_team_result(&team);
	rm_team_clear(&team);
	json_decref(request->counters);
	return result;
}

static const char *text_of(const json_t *result, const char *name)
{
	const char *text = json_string_value(json_object_get(result, name));

	return text ? text : "";
}

static bool is(const json_t *result, const char *status, const char *reason)
{
	bool so = !strcmp(text_of(result, "status"), status) &&
	          strstr(text_of(result, "reason"), reason);

	if (!so)
		printf("# %s: %s\n", text_of(result, "status"),
		        text_of(result, "reason"));
	return so;
}

static double stat_of(const json_t *result, const char *name)
{
	size_t i;
	json_t *stat;

	json_array_foreach (json_object_get(result, "stats"), i, stat)
		if (!strcmp(text_of(stat, "name"), name))
			return json_number_value(
			        json_object_get(stat, "value"));
	return -1;
}

static double number_of(const json_t *result, const char *name)
{
	return json_number_value(json_object_get(result, name));
}

static void scans_run_beside_writers(void)
{
	struct rm_request request = request_of("gomap_rw", "scan:1");
	json_t *result;

	request.cell.write_kind = RM_CHURN;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "ok", ""), "scan: keys add up beside a scanner");
	CHECK(stat_of(result, "scan_count") == 6400,
	        "as many scans as the window asks of the scanner");
	CHECK(stat_of(result, "scan_entries") >= 6400 * 999.0 &&
	                stat_of(result, "scan_entries") <= 6400 * 1000.0,
	        "each visits every key, but for one that is just away");
	CHECK(stat_of(result, "scan_p99") > 0 &&
	                stat_of(result, "scan_max") >=
	                        stat_of(result, "scan_p50"),
	        "and is timed");
	CHECK(number_of(result, "writes") > 400, "the other thread mixes");
	json_decref(result);
}

/* The plan skips such cells; a request that comes from elsewhere is void. */
static void writes_that_nobody_does_are_no_result(void)
{
	struct rm_request request = request_of("gomap_rw", "scan:2");
	json_t *result = run_on(&request, rm_impl_find("gomap_rw"));

	CHECK(is(result, "void", "asked 0.10000: all threads scan"),
	        "a scan without a thread for the writes is void");
	json_decref(result);
	request = request_of("gomap_rw", "scan:2");
	request.cell.write_share = 0;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "ok", ""), "without writes it is what was asked for");
	json_decref(result);
}

/* null_map says yes to each key, also to those that were never there. */
static void the_floor_has_misses(void)
{
	struct rm_request request = request_of("null_map", "mix");
	json_t *result;

	request.cell.miss_share = 0.1;
	request.cell.window_ops = 640000; /* far above the clock */
	result = run_on(&request, rm_impl_find("null_map"));
	CHECK(is(result, "ok", "") &&
	                number_of(result, "achieved_miss_share") == 0,
	        "the driver alone is measured where look-ups are to miss");
	json_decref(result);
}

static void no_arrival_is_told(void)
{
	struct rm_request request = request_of("gomap_rw", "paced");
	json_t *result;

	request.cell.measure = RM_MEASURE_LATENCY;
	request.cell.window_ops = 0;
	request.cell.window_ns = 100000;
	request.cell.rate_per_s = 0.001;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "void", "no arrival in the window of 0.100 ms"),
	        "a window that ends before the first arrival says so");
	json_decref(result);
}

static void fills_end_full(void)
{
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct rm_request request = request_of("syncmap", "fill");
		json_t *result;

		request.cell.threads = threads;
		request.cell.presize = false;
		result = run_on(&request, rm_impl_find("syncmap"));
		CHECK(is(result, "ok", "") &&
		                number_of(result, "keys_after") == 1000 &&
		                number_of(result, "keys_before") == 0 &&
		                number_of(result, "ops") == 1000 &&
		                stat_of(result, "insert_count") == 1000,
		        "fill: from none to all keys, each inserted once");
		json_decref(result);
	}
}

static void sessions_come_and_go(void)
{
	static const char *const maps[] = { "gomap_rw", "syncmap",
		"urcu_lfht" };

	for (size_t i = 0; i < 3; i++) {
		struct rm_request request = request_of(maps[i], "lifecycle:10");
		const struct rm_impl *impl = rm_impl_find(maps[i]);
		json_t *result;

		if (!impl) {
			json_decref(request.counters);
			continue; /* a library that is not here */
		}
		request.cell.threads = 3;
		request.cell.warm_up_ns = 1000000;
		result = run_on(&request, impl);
		CHECK(is(result, "ok", ""), "lifecycle: keys add up");
		CHECK(number_of(result, "keys_after") == 1000,
		        "as many sessions are open as before");
		/* 3 x 6400 steps, one in 11 renews: 1745 on average */
		CHECK(stat_of(result, "renew_count") > 1500 &&
		                stat_of(result, "renew_count") < 2000 &&
		                number_of(result, "misses_resident") == 0,
		        "one step in eleven renews, and each touch hits");
		json_decref(result);
	}
}

static void two_threads_meet_on_keys(void)
{
	static const char *const maps[] = { "gomap_rw", "syncmap",
		"hashtriemap" };

	for (size_t i = 0; i < 6; i++) {
		struct rm_request request = request_of(
		        maps[i % 3], i < 3 ? "litmus" : "litmus:take-twice");
		json_t *result;

		request.cell.threads = 4;
		request.cell.window_ops = 640;
		request.cell.write_kind = RM_CHURN;
		result = run_on(&request, rm_impl_find(maps[i % 3]));
		CHECK(is(result, "ok", "") && number_of(result, "ops") >= 2560,
		        i < 3 ? "store-buffering: nobody is left behind"
		              : "take-twice: who removed is accounted");
		CHECK(stat_of(result, "both_saw_old") == (i < 3 ? 0 : -1),
		        "and no round had two old values");
		json_decref(result);
	}
}

/*
 * A map whose lookups find what was there before the last write: each thread
 * of a pair sees the round before in each round, whoever is first. What a
 * store that waits in a buffer looks like, without a buffer.
 */
enum { STALE_KEYS = 1000 };

static struct {
	uint64_t word;
	_Atomic uint64_t now, before;
} stale[STALE_KEYS];

static void *stale_create(const struct rm_sizing *sizing)
{
	struct rm_key_bytes line;

	for (uint64_t rank = 0; rank < STALE_KEYS; rank++)
		stale[rank].word = rm_key_of(sizing->shape, rank, &line).word;
	return stale;
}

static void *stale_join(void *map, size_t slot)
{
	(void)slot;
	return map;
}

static void stale_nothing(void *thread)
{
	(void)thread;
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
	uint64_t last = atomic_exchange(&stale[rank].now, value->word[0]);

	(void)thread, (void)shape;
	/* the first: nothing was there before */
	atomic_store(&stale[rank].before, last ? last : value->word[0]);
	return last != 0;
}

static const struct rm_map_ops stale_ops = { .create = stale_create,
	.destroy = stale_nothing,
	.join = stale_join,
	.leave = stale_nothing,
	.quiesce = stale_nothing,
	.lookup = stale_lookup,
	.upsert = stale_upsert };
static const struct rm_impl stale_map = { .id = "stale", .ops = &stale_ops };

static void two_old_values_in_a_round_are_seen(void)
{
	struct rm_request request = request_of("stale", "litmus");
	json_t *result;

	request.cell.window_ops = 640;
	result = run_on(&request, &stale_map);
	CHECK(is(result, "failed", "torn"),
	        "store-buffering: a map that shows it has failed");
	CHECK(stat_of(result, "both_saw_old") == 640,
	        "and both_saw_old says in how many rounds");
	json_decref(result);
}

/* A subject with a loop of its own: counts, and is wrong if told so. */
static struct own {
	_Atomic uint64_t turns;
	uint64_t items;
	bool wrong, off;
} own;

static void *create(const struct rm_sizing *sizing)
{
	atomic_store(&own.turns, 0);
	own.items = sizing->loop_args[0];
	return &own;
}

static void *join(void *map, size_t slot)
{
	(void)slot;
	return map;
}

static void nothing(void *thread)
{
	(void)thread;
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
}

static const struct rm_map_ops own_ops = { .create = create,
	.destroy = nothing,
	.join = join,
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
	struct rm_request request = request_of("technique", "stock:77");
	json_t *result = run_on(&request, &technique);

	CHECK(is(result, "ok", "") && number_of(result, "ops") == 12800 &&
	                own.items == 77,
	        "an own loop runs, with its numbers");
	CHECK(stat_of(result, "turns") == 12800 &&
	                json_is_null(json_object_get(result, "keys_after")),
	        "its statistics are there; keys it has none");
	json_decref(result);
	own.off = true;
	request = request_of("technique", "stock");
	result = run_on(&request, &technique);
	CHECK(is(result, "failed", "oversold by one"),
	        "what does not add up failed, with the subject's reason");
	json_decref(result);
	own = (struct own){ .wrong = true };
	request = request_of("technique", "stock");
	result = run_on(&request, &technique);
	CHECK(is(result, "failed", "another key's value"),
	        "what sees a wrong answer failed");
	json_decref(result);
}

static void what_a_subject_cannot_do_is_refused(void)
{
	static const char *const cases[][2] = { { "gomap_rw", "stock" },
		{ "null_map", "scan" } };

	for (size_t i = 0; i < 2; i++) {
		struct rm_request request =
		        request_of(cases[i][0], cases[i][1]);
		json_t *result = rm_trial_run(&request);

		CHECK(is(result, "failed", "does not offer loop"),
		        "a loop that the subject cannot run is refused");
		json_decref(result);
		json_decref(request.counters);
	}
}

int main(void)
{
	texts();
	scans_run_beside_writers();
	writes_that_nobody_does_are_no_result();
	the_floor_has_misses();
	no_arrival_is_told();
	fills_end_full();
	sessions_come_and_go();
	two_threads_meet_on_keys();
	two_old_values_in_a_round_are_seen();
	own_loops_are_judged_by_their_check();
	what_a_subject_cannot_do_is_refused();
	return DONE();
}
