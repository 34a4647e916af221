/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs trials of a correct map and of maps with injected bugs, which
 * verification, window and control must detect.
 */
#include "runner/impl.h"
#include "tests/unit/trial/array_map.h"

static void a_right_map_passes(void)
{
	static const enum rm_write_kind kinds[] = { RM_UPDATE, RM_CHURN };

	fault = (struct fault){ .waits_for_all = true };
	for (size_t i = 0; i < 2; i++) {
		struct rm_request request = request_of(kinds[i]);
		json_t *result = run(&request);

		CHECK(is(result, "ok", ""),
		        "a correct map passes, and a map that waits for all "
		        "threads does not hang");
		json_decref(result);
		request.cell.measure = RM_MEASURE_VERIFY;
		request.cell.verify_ops = 100000;
		request.cell.window_ops = 0;
		result = run(&request);
		CHECK(is(result, "ok", ""), "the values of a correct map add "
		                            "up");
		json_decref(result);
		json_decref(request.counters);
	}
}

static void lost_writes_are_caught(void)
{
	struct rm_request request = request_of(RM_CHURN);
	json_t *result;

	fault = (struct fault){ .lose_insert = 1501 };
	result = run(&request);
	CHECK(is(result, "failed", "key sums differ"),
	        "a lost insert is detected by the key sums");
	json_decref(result);
	fault = (struct fault){ .lose_update = 5003 };
	request.cell.measure = RM_MEASURE_VERIFY;
	request.cell.verify_ops = 200000;
	request.cell.write_kind = RM_UPDATE;
	request.cell.window_ops = 0;
	result = run(&request);
	CHECK(is(result, "failed", "lost update"),
	        "a lost update is detected by exchange accounting");
	json_decref(result);
	json_decref(request.counters);
}

static void wrong_values_are_caught(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *result;

	fault = (struct fault){ .neighbour = true };
	result = run(&request);
	CHECK(is(result, "failed", "another key's value"),
	        "another key's value is detected in the timed window");
	json_decref(result);
	json_decref(request.counters);
}

static void windows_are_exact(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *plain, *control;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.write_share = 0;
	plain = run(&request);
	request.control_extra = 0.02;
	control = run(&request);
	CHECK(number_of(plain, "ops") == 128000,
	        "a counted window has exactly the requested operations");
	CHECK(number_of(control, "lookups") == 2 * 65280 &&
	                number_of(control, "ops") == 128000,
	        "the control executes 2 % more than it reports");
	json_decref(plain);
	json_decref(control);
	json_decref(request.counters);
}

/* True if the result is not verified, but has no mismatch. */
static bool is_unverified(const json_t *result)
{
	const json_t *verification = json_object_get(result, "verification");
	const char *status =
	        json_string_value(json_object_get(verification, "status"));
	const char *reason =
	        json_string_value(json_object_get(verification, "reason"));

	return status && !strcmp(status, "ok") && reason &&
	       !strncmp(reason, "not verified: ", 14) &&
	       json_is_null(json_object_get(verification, "keys_held"));
}

static void a_misplaced_thread_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	unsigned cpus[] = { (unsigned)sched_getcpu(), 100000 };
	struct rm_team team;
	json_t *result;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.cpu_count = request.cell.threads = 1;
	request.cell.cpus = cpus;
	rm_team_run(&team, &request, &impl);
	team.members[0].cpu_end = 77; /* as if the thread had migrated */
	result = result_of(&team);
	CHECK(is(result, "void", "ran on CPU"), "a migrated thread is void");
	json_decref(result);
	rm_team_clear(&team);
	request.cell.cpus = cpus + 1;
	result = run(&request);
	CHECK(is(result, "void", "could not be placed"),
	        "an invalid CPU is reported, not replaced by a default");
	CHECK(is_unverified(result),
	        "with an invalid CPU the map's answers do not count as wrong");
	json_decref(result);
	json_decref(request.counters);
}

/* The first of two threads cannot be bound and does nothing. */
static void what_others_saw_counts(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	unsigned cpus[] = { 100000, (unsigned)sched_getcpu() };
	json_t *result;

	request.cell.cpu_count = request.cell.threads = 2;
	request.cell.cpus = cpus;
	fault = (struct fault){ .lose_insert = 0 };
	result = run(&request);
	CHECK(is(result, "void", "thread 0: thread could not be placed"),
	        "one thread that cannot be bound voids the trial");
	CHECK(number_of(result, "elapsed_ns") ==
	                number_of(json_array_get(
	                                  json_object_get(result, "by_thread"),
	                                  1),
	                        "elapsed_ns"),
	        "the window is that of the other thread");
	json_decref(result);
	fault = (struct fault){ .neighbour = true };
	result = run(&request);
	CHECK(is(result, "failed", "another key's value"),
	        "a wrong value seen by the other thread still fails");
	json_decref(result);
	fault = (struct fault){ .no_room = true };
	result = run(&request);
	CHECK(is(result, "failed", "could not join"),
	        "a map that a thread could not join fails");
	fault = (struct fault){ .lose_insert = 0 };
	json_decref(result);
	json_decref(request.counters);
}

/* Runs a real map with many more threads than CPUs. The loops differ only in
   their operations, so one of them has a thousand threads. */
static void many_threads_run_every_loop(void)
{
	static const struct {
		const char *name;
		enum rm_write_kind kind;
		enum rm_dist dist;
		enum rm_loop_kind loop;
		unsigned threads;
	} loops[] = { { "churn", RM_CHURN, RM_DIST_UNIFORM, RM_LOOP_MIX, 1000 },
		{ "fresh", RM_FRESH, RM_DIST_UNIFORM, RM_LOOP_MIX, 100 },
		{ "zipf", RM_UPDATE, RM_DIST_ZIPF, RM_LOOP_MIX, 100 },
		{ "paced", RM_CHURN, RM_DIST_UNIFORM, RM_LOOP_PACED, 100 } };

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		struct rm_request request = request_of(loops[i].kind);
		bool paced = loops[i].loop == RM_LOOP_PACED;
		json_t *result;
		double drift;

		strcpy(request.cell.map, "gomap_rw");
		request.cell.keys = 1 << 18;
		request.cell.write_share = 0.03;
		request.cell.dist = loops[i].dist;
		request.cell.dist_a = 0.99;
		request.cell.loop.kind = loops[i].loop;
		/* 20 arrivals per thread: a rate that a busy machine can keep,
		   with two seconds for the CPU time of 50 ms */
		request.cell.rate_per_s = paced ? 4000 : 0;
		request.cell.threads = loops[i].threads;
		request.cell.window_ops = paced ? 0 : 1600;
		request.cell.window_ns = paced ? 500000000 : 0;
		request.cell.measure =
		        paced ? RM_MEASURE_LATENCY : RM_MEASURE_THROUGHPUT;
		result = rm_trial_run(&request);
		rm_result_judge(&request.cell, result);
		drift = (double)number_of(result, "misses_resident") /
		        (double)(number_of(result, "lookups") + 1);
		printf("# %s: misses of resident keys %.6f\n", loops[i].name,
		        drift);
		CHECK(is(result, "ok", ""), loops[i].name);
		CHECK(drift < 0.001, "misses stay under 0.1 %");
		json_decref(result);
		json_decref(request.counters);
	}
}

/* Returns the number of calls of the map in all phases. */
static uint64_t count_calls(enum rm_settle settle, json_t **result)
{
	struct rm_request request = request_of(RM_UPDATE);

	request.cell.settle = settle;
	*result = run(&request);
	json_decref(request.counters);
	return atomic_load(&turns);
}

static void a_cold_map_is_left_as_the_prefill_made_it(void)
{
	json_t *settled, *cold;
	uint64_t more = count_calls(RM_SETTLE_YES, &settled);

	more -= count_calls(RM_SETTLE_NO, &cold);
	CHECK(is(cold, "ok", "") && is(settled, "ok", ""),
	        "a cold map passes, and so does a settled map");
	CHECK(more == 1000, "settling looks up each resident key once");
	CHECK(json_is_null(json_object_get(cold, "keys_before")) &&
	                number_of(settled, "keys_before") == 1000,
	        "keys that were not counted are null, not 0");
	json_decref(settled);
	json_decref(cold);
}

static void bad_requests_are_refused(void)
{
	static const char *const bad[] = { "", "{", "[]", "{\"protocol\": 1}",
		"{\"protocol\": 2, \"seed\": -1}",
		"{\"protocol\": 2, \"seed\": 1, \"control_extra\": 2}",
		"{\"protocol\": 2, \"protocol\": 2}",
		"{\"protocol\": 2, \"more\": 1}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rm_request request;
		struct rm_error error = { "" };

		CHECK(rm_request_parse(
		              bad[i], strlen(bad[i]), &request, &error) < 0 &&
		                error.text[0],
		        "a bad request is rejected with a reason");
	}
}

static void requests_survive_the_round_trip(void)
{
	struct rm_request request = request_of(RM_CHURN), copy;
	struct rm_error error = { "" };
	json_t *json, *again;
	char *text;

	strcpy(request.cell.workload, "w");
	strcpy(request.cell.placement, "none");
	json = rm_request_to_json(&request);
	text = json_dumps(json, 0);
	CHECK(!rm_request_parse(text, strlen(text), &copy, &error),
	        "the campaign's request is accepted");
	if (error.text[0])
		printf("# %s\n", error.text);
	again = rm_request_to_json(&copy);
	CHECK(json_equal(json, again), "the accepted request keeps its "
	                               "content");
	rm_request_clear(&copy);
	json_decref(json);
	json_decref(again);
	json_decref(request.counters);
	free(text);
}

int main(void)
{
	a_right_map_passes();
	lost_writes_are_caught();
	wrong_values_are_caught();
	windows_are_exact();
	a_misplaced_thread_is_void();
	what_others_saw_counts();
	a_cold_map_is_left_as_the_prefill_made_it();
	bad_requests_are_refused();
	requests_survive_the_round_trip();
	many_threads_run_every_loop();
	return DONE();
}
