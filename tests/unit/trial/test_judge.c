/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests how a trial is judged: when it is void or failed. Times and counts are
 * set after the run, so that no test depends on the machine's speed.
 */
#include "runner/trace/trace.h"
#include "tests/unit/trial/array_map.h"

#include <math.h>

static struct rm_team team;

/* Runs a trial of a correct map with `threads`; end() releases the trial. */
static void begin(struct rm_request *request, unsigned threads)
{
	fault = (struct fault){ .stall_ns = 0 };
	*request = request_of(RM_UPDATE);
	request->cell.threads = threads;
	rm_team_run(&team, request, &impl);
}

/* Judges the current state of the team. May be called again. */
static bool judged(const char *status, const char *reason)
{
	json_t *result = result_of(&team);
	bool so = is(result, status, reason);

	json_decref(result);
	return so;
}

/* Replaces the CPUs of the test's own thread, which is not bound. */
static void set_cpu(struct rm_member *member, int cpu)
{
	member->cpu_start = member->cpu_end = cpu;
	member->after.migrations = member->before.migrations;
}

static void end(struct rm_request *request)
{
	rm_team_clear(&team);
	json_decref(request->counters);
}

static void a_wrong_mix_is_void(void)
{
	struct rm_request request;

	begin(&request, 2);
	CHECK(judged("ok", ""), "the requested mix is ok");
	/* as if the loop had written 20 % more than requested */
	team.members[0].worker.counts.writes *= 6;
	team.members[0].worker.counts.writes /= 5;
	CHECK(judged("void", "write share"), "a wrong write share is void");
	end(&request);
}

static int64_t before[RM_NODES_MAX], after[RM_NODES_MAX];

/* Judges pages that were added to nodes 0 and 1, in addition to 500 older pages
   on node 0. */
static bool holds(const char *policy, int64_t on_0, int64_t on_1)
{
	struct rm_error error = { "" };

	before[0] = 500;
	after[0] = 500 + on_0;
	after[1] = on_1;
	return !rm_pages_judge(policy, 2, before, after, &error) &&
	       !error.text[0];
}

static void pages_elsewhere_are_void(void)
{
	struct rm_request request;

	CHECK(holds("bind:1", 0, 9000) && holds("bind:1", 90, 8910) &&
	                holds("bind:1", 16, 100) && !holds("bind:1", 200, 8800),
	        "bind: one page in a hundred may be on another node");
	CHECK(!holds("bind:1", 9000, 0) && !holds("bind:0", 0, 9000) &&
	                holds("bind:0", 9000, 0),
	        "a binding to the other node is detected");
	CHECK(holds("interleave", 50000, 50000) &&
	                holds("interleave", 2000, 100) &&
	                holds("interleave", 61000, 39000) &&
	                !holds("interleave", 65000, 35000) &&
	                !holds("interleave", 0, 9000),
	        "interleave: no node has much more than its share");
	begin(&request, 1);
	strcpy(request.cell.memory, "bind:1023");
	CHECK(judged("void", "memory = bind:1023 failed"),
	        "a trial whose pages are on another node is void");
	strcpy(request.cell.memory, "bind:0");
	CHECK(judged("ok", ""), "a trial with a correct binding is ok");
	end(&request);
}

static void a_wrong_miss_share_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.miss_share = 0.4;
	rm_team_run(&team, &request, &impl);
	CHECK(judged("ok", ""), "requested misses are ok");
	counts = &team.members[0].worker.counts;
	counts->misses_absent -= counts->misses_absent / 5;
	CHECK(judged("void", "miss share"), "20 % fewer misses are void");
	end(&request);
}

/* Uses a sequential stream of 2^20 ranks that is read 1024 times. The standard
   error of its misses is 512 of 2^20, however often it is read. */
static void a_stream_that_comes_again_has_the_misses_that_it_has(void)
{
	const uint64_t rounds = 1024, length = 1 << 20;
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.threads = 1;
	request.cell.write_share = 0;
	request.cell.miss_share = 0.5;
	request.cell.dist = RM_DIST_SEQUENTIAL;
	rm_team_run(&team, &request, &impl);
	CHECK(team.members[0].worker.stream_mask == length - 1,
	        "a stream of 2^20 ranks");
	counts = &team.members[0].worker.counts;
	*counts = (struct rm_counts){ .iterations = rounds * length,
		.misses_absent = rounds * (length / 2 + 3 * 512) };
	CHECK(judged("ok", ""), "3 standard errors of a stream are ok");
	counts->misses_absent = rounds * (length / 2 + 7 * 512);
	CHECK(judged("void", "miss share"), "7 standard errors are void");
	*counts = (struct rm_counts){ .iterations = length,
		.misses_absent = length / 2 + 7 * 512 };
	CHECK(judged("void", "miss share"),
	        "wrong misses of a stream are void even after a single pass");
	rm_team_clear(&team);
	request.cell.keys = 20; /* 1 of 21 ranks is absent, for 3 % of the
	                           draws */
	request.cell.miss_share = 0.03;
	rm_team_run(&team, &request, &impl);
	CHECK(judged("ok", ""), "for few keys the share is that of the stream");
	end(&request);
}

/* 64 threads on the fastest map do this number of writes in two seconds. The
   loop uses 32 bits to decide, so 1 in 2^32 operations is a look-up, which is
   23 in 10^11. */
static void all_writes_are_all_but_one_of_many(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.write_share = 1;
	rm_team_run(&team, &request, &impl);
	counts = &team.members[0].worker.counts;
	*counts = (struct rm_counts){ .iterations = 100000000000,
		.writes = 100000000000 - 23 };
	CHECK(judged("ok", ""), "the expected look-ups are ok");
	counts->writes -= 100;
	CHECK(judged("void", "write share"), "five times as many look-ups are "
	                                     "void");
	end(&request);
}

/* Returns the exact probability of at least `hits` in `n`, for which the judge
   uses a bound. */
static double as_many(uint64_t hits, uint64_t n, double p)
{
	double sum = 0;

	for (uint64_t k = hits; k <= n; k++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)k + 1) -
		           lgamma((double)(n - k) + 1) + (double)k * log(p) +
		           (double)(n - k) * log1p(-p));
	return sum;
}

/* Returns the smallest number of writes in `n` operations, above the expected
   number, that makes the trial void. */
static uint64_t fewest_refused(uint64_t n, double p)
{
	struct rm_counts *counts = &team.members[0].worker.counts;
	uint64_t ok = (uint64_t)(p * (double)n), refused = n;

	*counts = (struct rm_counts){ .iterations = n };
	while (refused - ok > 1) {
		counts->writes = ok + (refused - ok) / 2;
		if (judged("void", "write share"))
			refused = counts->writes;
		else
			ok = counts->writes;
	}
	return refused;
}

/* For shares above one half, the lower tail of the other operations is used. */
static void a_right_share_is_refused_once_in_a_thousand_million(void)
{
	const struct {
		uint64_t n;
		double p;
	} draws[] = { { 1000, 0.00002 }, { 1000, 0.001 }, { 1000, 0.03 },
		{ 1000, 0.5 }, { 1000, 0.97 }, { 100000, 0.0001 },
		{ 100000, 0.03 }, { 100000, 0.97 } };
	struct rm_request request;

	begin(&request, 1);
	for (size_t i = 0; i < sizeof(draws) / sizeof(*draws); i++) {
		const uint64_t below = (uint64_t)(draws[i].p * 0x1p32);
		const double p = (double)below * 0x1p-32;

		request.cell.write_share = draws[i].p;
		const uint64_t refused = fewest_refused(draws[i].n, p);
		const double chance = as_many(refused, draws[i].n, p);

		CHECK(refused < draws[i].n && chance < 1e-9 && chance > 1e-12,
		        "the probability of such a trial is at most 10^-9, and "
		        "not much less");
	}
	end(&request);
}

/* If pairs are half of the operations, they are a third of the draws. Other
   writes are drawn with their share. */
static void only_pairs_are_drawn_less_often(void)
{
	static const struct {
		enum rm_loop_kind loop;
		enum rm_write_kind kind;
		double drawn;
	} cases[] = { { RM_LOOP_MIX, RM_UPDATE, 0.5 },
		{ RM_LOOP_MIX, RM_CHURN, 0.5 / 1.5 },
		{ RM_LOOP_LIFECYCLE, RM_CHURN, 0.5 },
		{ RM_LOOP_LAZY, RM_CHURN, 0.5 },
		{ RM_LOOP_LAZY, RM_FRESH, 0.5 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rm_cell cell = { .loop = { cases[i].loop },
			.write_kind = cases[i].kind,
			.write_share = 0.5 };

		CHECK(rm_cell_write_decision_share(&cell) == cases[i].drawn,
		        "the share of draws that write");
	}
}

/* A pair is one iteration, two operations and one additional write. So 1,000
   iterations with 300 writes, of which 100 are the second of a pair, are 800
   look-ups and 1,100 operations. */
static void shares_are_of_what_was_done(void)
{
	struct rm_request request;
	struct rm_counts *counts;
	json_t *result;

	begin(&request, 1);
	counts = &team.members[0].worker.counts;
	*counts = (struct rm_counts){ .iterations = 1000,
		.writes = 300,
		.pairs = 100,
		.misses_absent = 120,
		.misses_resident = 40 };
	result = rm_team_result(&team);
	CHECK(number_of(result, "achieved_write_share") == 300.0 / 1100,
	        "the write share is relative to operations");
	CHECK(number_of(result, "achieved_miss_share") == 160.0 / 800,
	        "the miss share is relative to look-ups");
	json_decref(result);
	end(&request);
}

static void a_window_too_short_for_the_clock_is_void(void)
{
	struct rm_request request;
	json_t *result, *environment;

	begin(&request, 1);
	team.clock_cost_ns = 25;
	team.clock_step_ns = 1;
	team.members[0].end_ns = team.members[0].start_ns + 24999;
	CHECK(judged("void", "clock readings"),
	        "a window shorter than 1000 clock readings is void");
	team.members[0].end_ns++;
	CHECK(judged("ok", ""), "a window of 1000 readings is ok");
	request.cell.window_ns = 1000;
	CHECK(judged("void", "the window of 1000 ns"),
	        "a shorter window whose threads stop late is ok");
	request.cell.window_ns = 1000000;
	team.members[0].end_ns--;
	CHECK(judged("void", "their CPUs were busy"),
	        "a long window in which no thread ran has that reason");
	team.members[0].end_ns++;
	request.cell.window_ns = 0;
	team.clock_step_ns = 26;
	CHECK(judged("void", "clock readings"),
	        "a clock with coarse steps needs a longer window");
	result = rm_team_result(&team);
	environment = json_object_get(result, "environment");
	CHECK(json_number_value(
	              json_object_get(environment, "adds_per_ns_before")) > 0,
	        "the CPU's speed is recorded");
	json_decref(result);
	end(&request);
}

/* Simulates that CPU 7 went offline in the window and came back. */
static void a_thread_that_left_its_cpu_is_void(void)
{
	unsigned cpus[] = { 7 };
	struct rm_request request;
	struct rm_member *member;

	begin(&request, 1);
	request.cell.cpus = cpus;
	request.cell.cpu_count = 1;
	member = &team.members[0];
	set_cpu(member, 7);
	CHECK(judged("ok", ""), "a thread that stays on its CPU is ok");
	member->after.migrations = member->before.migrations + 2;
	CHECK(judged("void", "left CPU 7 2 times"),
	        "a thread that left its CPU and returned is void");
	request.cell.cpu_count = 0;
	CHECK(judged("ok", ""), "a thread that is not bound may move");
	end(&request);
}

/* The limit is half of the window: the second thread starts after 10 of 20 ms,
   or a nanosecond later. */
static void a_late_thread_is_void(void)
{
	unsigned cpus[] = { 0, 0 };
	struct rm_request request;
	struct rm_member *first, *second;

	begin(&request, 2);
	request.cell.window_ns = 20000000; /* as in a timed window */
	first = &team.members[0];
	second = &team.members[1];
	first->end_ns = second->end_ns = first->start_ns + 20000000;
	second->start_ns = first->start_ns + 10000000;
	CHECK(judged("ok", ""),
	        "a thread that starts after half of the window is ok");
	second->start_ns++;
	CHECK(judged("void", "its CPU was busy"),
	        "a thread that starts later is void");
	request.cell.cpus = cpus;
	request.cell.cpu_count = 2;
	set_cpu(first, 0);
	set_cpu(second, 0);
	CHECK(judged("ok", ""), "a late thread is not void if threads share a "
	                        "CPU");
	end(&request);
}

/* Tests late threads for each loop whose threads all work until the window
   ends. */
static void a_late_thread_of_other_loops_is_void(void)
{
	static const char *const loops[] = { "alternate", "lifecycle:10",
		"litmus:take-twice" };

	for (size_t i = 0; i < 3; i++) {
		const bool rests = i == 2; /* a thread without a partner is
		                              idle */
		struct rm_request request = loop_request("array", loops[i]);

		fault = (struct fault){ .stall_ns = 0 };
		rm_team_run(&team, &request, &impl);
		request.cell.window_ns = 20000000;
		for (int m = 0; m < 2; m++)
			team.members[m].end_ns =
			        team.members[0].start_ns + 20000000;
		CHECK(judged("ok", ""), "both threads started in time");
		team.members[1].start_ns = team.members[0].start_ns + 10000001;
		CHECK(judged(rests ? "ok" : "void",
		              rests ? "" : "its CPU was busy"),
		        "a late thread is void if all threads must work");
		team.members[1].start_ns = team.members[0].start_ns;
		team.members[0].end_ns += 30000000;
		CHECK(judged("ok", ""),
		        "a thread is not late if another ends later");
		end(&request);
	}
}

/* A renewal is a close and an open. With a tide it may be two closes or two
   opens. */
static void renewals_close_and_open(void)
{
	struct rm_request request = loop_request("array", "lifecycle:2:4:4");
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	rm_team_run(&team, &request, &impl);
	CHECK(judged("ok", ""), "sessions with a tide add up");
	counts = &team.members[0].worker.counts;
	counts->pairs++;
	CHECK(judged("failed", "renewals"), "one renewal too many is detected");
	counts->pairs--;
	request.cell.loop.args[2] = 1;
	CHECK(judged("failed", "renewals"),
	        "without a tide each renewal closes as many as it opens");
	end(&request);
}

static void a_thread_that_never_ran_is_void(void)
{
	struct rm_request request = loop_request("array", "alternate");
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	rm_team_run(&team, &request, &impl);
	request.cell.window_ns = 20000000;
	for (int m = 0; m < 2; m++)
		team.members[m].end_ns = team.members[0].start_ns + 20000000;
	counts = &team.members[1].worker.counts;
	counts->iterations = counts->writes = 0;
	CHECK(judged("void", "never scheduled"),
	        "a thread that did nothing is void");
	end(&request);
}

/* Runs a whole trial of a faulty map. */
static bool fails(enum rm_write_kind kind, const char *reason)
{
	struct rm_request request = request_of(kind);
	json_t *result = run(&request);
	bool so = is(result, "failed", reason);

	json_decref(result);
	json_decref(request.counters);
	return so;
}

static void sums_of_keys_are_compared(void)
{
	struct rm_request request = request_of(RM_CHURN);
	json_t *result, *verification;

	fault = (struct fault){ .take_other = true };
	result = run(&request);
	verification = json_object_get(result, "verification");
	CHECK(is(result, "failed", "key sums differ") && !fault.take_other,
	        "a removal that takes another key is detected");
	CHECK(number_of(verification, "keys_held") ==
	                        number_of(verification, "keys_expected") &&
	                strcmp(text_of(verification, "sum_held"),
	                        text_of(verification, "sum_expected")) != 0,
	        "the key sum detects that removal, although the number of keys "
	        "is right");
	json_decref(result);
	json_decref(request.counters);
}

/* The key sums alone would agree, since a key that was not inserted is not
   expected. */
static void an_insert_that_is_lost_and_denied_shows_in_an_empty_map(void)
{
	static const char *const loops[] = { "fill", "grow:0:1" };

	for (size_t i = 0; i < 2; i++) {
		struct rm_request request = loop_request("array", loops[i]);
		json_t *result;

		fault = (struct fault){ .stall_ns = 0 };
		result = run(&request);
		CHECK(is(result, "ok", ""),
		        "an empty map that gets its keys is ok");
		json_decref(result);
		fault = (struct fault){ .lose_insert = 300, .hide_lost = true };
		result = run_on(&request, &impl);
		CHECK(is(result, "failed", " of 1000 keys were put into"),
		        "a map that reports new keys as present fails");
		json_decref(result);
	}
}

/* Keys that a loop did not insert cannot be missing. */
static void values_are_accounted_from_what_was_put_in(void)
{
	struct rm_request request = loop_request("array", "fill");
	json_t *result;

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.measure = RM_MEASURE_VERIFY;
	request.cell.write_share = 1;
	request.cell.window_ops = 0;
	request.cell.verify_ops = 1000;
	result = run_on(&request, &impl);
	CHECK(is(result, "ok", ""), "no value of an empty map is lost");
	json_decref(result);
}

/* 1000 look-ups settle; the 5000th is in the window. */
static void one_lost_lookup_is_too_many(void)
{
	fault = (struct fault){ .lose_lookup = 5000 };
	CHECK(fails(RM_UPDATE, "1 lookups missed keys that were never removed"),
	        "a look-up that misses a present key is detected");
}

/* The second thread of a pair must take the current value. */
static void a_value_that_was_taken_is_the_one_that_went(void)
{
	struct rm_request request = loop_request("array", "litmus:take-twice");
	json_t *result;

	request.cell.write_kind = RM_CHURN;
	fault = (struct fault){ .stall_ns = 0 };
	rm_team_run(&team, &request, &impl);
	CHECK(judged("ok", ""), "take-twice: values and keys add up");
	/* as if a take had returned the value of an earlier round */
	team.members[1].notes.numbers++;
	CHECK(judged("failed", "the values taken"),
	        "an earlier value is detected");
	rm_team_clear(&team);
	fault.lose_value = true;
	result = run(&request);
	CHECK(is(result, "failed", "another key's value"),
	        "success without a value is detected");
	fault.lose_value = false;
	json_decref(result);
	json_decref(request.counters);
}

/* With a single thread, no key is being replaced during a look-up. The hot or
   frequent ranks of fresh keys are drawn within the window, too. */
static void one_thread_misses_no_key(void)
{
	static const enum rm_dist kinds[] = { RM_DIST_UNIFORM, RM_DIST_ZIPF,
		RM_DIST_HOT, RM_DIST_SEQUENTIAL };
	struct rm_request request = request_of(RM_FRESH);

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.threads = 1;
	request.cell.dist_a = 0.5;
	request.cell.dist_b = 0.2;
	for (size_t k = 0; k < 4; k++) {
		json_t *result;

		request.cell.dist = kinds[k];
		result = run(&request);
		CHECK(is(result, "ok", ""),
		        "fresh keys, one thread: each look-up finds its key");
		json_decref(result);
	}
	request.cell.dist = RM_DIST_UNIFORM;
	rm_team_run(&team, &request, &impl);
	team.members[0].worker.counts.misses_resident = 1;
	CHECK(judged("void", "1 of "), "a single miss is void");
	strcpy(request.cell.trace, "trace");
	CHECK(judged("ok", ""),
	        "a single miss is ok in a replay, which is judged by its "
	        "trace");
	request.cell.trace[0] = 0;
	rm_team_clear(&team);
	request.cell.threads = 2;
	rm_team_run(&team, &request, &impl);
	team.members[0].worker.counts.misses_resident = 1;
	CHECK(judged("ok", ""),
	        "a single miss is ok with two threads, since the other may "
	        "have removed the key");
	end(&request);
}

/* With zipf, the first of 1024 keys gets 13 % of the look-ups, and at any time
   each thread has removed at most one key. */
static void a_key_that_many_ask_for_may_be_missed_often(void)
{
	struct rm_request request = request_of(RM_CHURN);
	struct rm_counts *counts;

	fault = (struct fault){ .stall_ns = 0 };
	request.cell.threads = 2;
	rm_team_run(&team, &request, &impl);
	counts = &team.members[0].worker.counts;
	counts->misses_resident = counts->iterations / 20;
	request.cell.keys = 1024;
	CHECK(judged("void", "missed resident"),
	        "uniform: one miss in 40 is void");
	request.cell.dist = RM_DIST_ZIPF;
	request.cell.dist_a = 0.99;
	CHECK(judged("ok", ""),
	        "zipf: the first of 1024 keys explains the misses");
	counts->misses_resident = counts->iterations / 5 * 4;
	CHECK(judged("void", "missed resident"), "four misses of ten are void");
	end(&request);
}

/* True if the counts of one thread match the trace. */
static bool replayed(const struct rm_trace *trace,
        const struct rm_counts *counts, uint64_t digest)
{
	const struct rm_request request = { .trace = trace,
		.cell = { .threads = 1, .trace_passes = 1 } };
	struct rm_member member = { .held_digest = digest };
	const struct rm_team replay = {
		.request = &request, .impl = &impl, .members = &member
	};
	struct rm_judgement judgement = { .status = "ok" };

	rm_replay_judge(&replay, counts, &judgement);
	return !judgement.mismatch.text[0];
}

/* Each count of a replay must be exact. */
static void a_replay_has_the_counts_of_its_trace(void)
{
	struct rm_error error = { 0 };
	struct rm_trace trace;
	struct rm_trace_expected expected;
	int failed = rm_trace_load(
	        "tests/fixtures/traces/good.trace", &trace, &error);

	CHECK(!failed && !rm_trace_compute_expected(&trace, 1, &expected),
	        "a trace to replay is loaded");
	const struct rm_counts right = { .iterations = trace.count,
		.writes = trace.sets + trace.dels,
		.inserts = expected.inserts,
		.removes = expected.removes,
		.idle_removes = expected.idle_removes,
		.misses_resident = trace.gets - expected.hits };

	CHECK(replayed(&trace, &right, expected.digest),
	        "the trace's counts are ok");
	for (int step = -1; step <= 1; step += 2) {
		const uint64_t by = (uint64_t)step;
		struct rm_counts counts[] = { right, right, right, right,
			right };
		bool caught = true;

		counts[0].pairs += by; /* changes operations only */
		counts[1].inserts += by;
		counts[2].removes += by;
		counts[3].idle_removes += by;
		counts[4].misses_resident += by;
		for (size_t i = 0; i < 5; i++)
			caught &=
			        !replayed(&trace, &counts[i], expected.digest);
		CHECK(caught, step < 0 ? "one operation too few of any kind is "
		                         "detected"
		                       : "one operation too many of any kind "
		                         "is detected");
	}
	rm_trace_clear(&trace);
}

int main(void)
{
	a_wrong_mix_is_void();
	a_wrong_miss_share_is_void();
	pages_elsewhere_are_void();
	a_stream_that_comes_again_has_the_misses_that_it_has();
	all_writes_are_all_but_one_of_many();
	a_right_share_is_refused_once_in_a_thousand_million();
	only_pairs_are_drawn_less_often();
	shares_are_of_what_was_done();
	a_window_too_short_for_the_clock_is_void();
	a_thread_that_left_its_cpu_is_void();
	a_late_thread_is_void();
	a_late_thread_of_other_loops_is_void();
	renewals_close_and_open();
	a_thread_that_never_ran_is_void();
	sums_of_keys_are_compared();
	an_insert_that_is_lost_and_denied_shows_in_an_empty_map();
	values_are_accounted_from_what_was_put_in();
	one_lost_lookup_is_too_many();
	a_value_that_was_taken_is_the_one_that_went();
	one_thread_misses_no_key();
	a_key_that_many_ask_for_may_be_missed_often();
	a_replay_has_the_counts_of_its_trace();
	return DONE();
}
