/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_result.c - tests the result of a trial
 * (docs/reference/trial-protocol.md) with two threads that never ran. Each
 * count is set by hand and differs from all others, so that a sum that omits
 * one is wrong.
 */
#include "runner/keys.h"
#include "tests/unit/trial/run_trial.h"

#include <inttypes.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Simulated result of personality(). Sanitizers call this function before
   main() and get the real one. */
static int persona;
static bool persona_is_played;

int personality(unsigned long wanted)
{
	return persona_is_played ? persona
	                         : (int)syscall(SYS_personality, wanted);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	(void)thread, (void)shape, (void)key, (void)value, (void)old;
	return false;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)thread, (void)shape, (void)key, (void)old;
	return false;
}

static const struct rm_map_ops accounted_ops = { .exchange = exchange,
	.take = take };
static const struct rm_map_ops plain_ops = { .take = take };
static const struct rm_map_ops other_ops = { .exchange = exchange };
static const struct rm_impl accounted = { .id = "a", .ops = &accounted_ops };
static const struct rm_impl plain = { .id = "p", .ops = &plain_ops };
static const struct rm_impl other = { .id = "o", .ops = &other_ops };
static const struct rm_impl empty = {
	.id = "e", .ops = &plain_ops, .caps = RM_CAP_NO_STATE
};

enum { PREFILLED = 3 };

/* Makes a team with a correct verification: keys and the sums of values
   match. */
struct played {
	struct rm_request request;
	struct rm_member members[2];
	struct rm_team team;
	unsigned cpus[2];
};

static const struct rm_counts first_counts = { .iterations = 1000,
	.writes = 300,
	.pairs = 100,
	.inserts = 17,
	.removes = 11,
	.idle_removes = 5,
	.misses_absent = 70,
	.misses_resident = 40 };
static const struct rm_counts second_counts = { .iterations = 20000,
	.writes = 6000,
	.pairs = 2000,
	.inserts = 19,
	.removes = 13,
	.idle_removes = 600,
	.misses_absent = 9000,
	.misses_resident = 700 };

static void set_members(struct played *played)
{
	struct rm_member *members = played->members;
	uint64_t prefill = 0;

	for (unsigned i = 0; i < 2; i++) {
		members[i].team = &played->team;
		members[i].worker.slot = i;
	}
	members[0].worker.counts = first_counts;
	members[1].worker.counts = second_counts;
	/* 3 + 17 + 19 - 11 - 13 */
	members[0].held_keys = 6;
	members[1].held_keys = 9;
	for (uint64_t rank = 0; rank < PREFILLED; rank++) {
		members[0].held_sum += rm_rank_mix(rank);
		prefill += rm_value_of(rank, 0, 0).word[0];
	}
	members[1].held_sum = 0x1234;
	members[0].worker.key_sum = 0x1000;
	members[1].worker.key_sum = 0x234;
	members[0].account = (struct rm_account){ .writes = 1,
		.puts = 500,
		.outs = 30,
		.written = 77,
		.returned = 7,
		.held = prefill };
	members[1].account = (struct rm_account){ .writes = 2,
		.puts = 6000,
		.outs = 200,
		.written = 100,
		.returned = 20,
		.held = 150 };
	members[0].start_ns = 5000;
	members[0].end_ns = 905000;
	members[1].start_ns = 7000;
	members[1].end_ns = 907100;
}

static void begin(struct played *played)
{
	*played = (struct played){ .request = small_request("a") };
	strcpy(played->request.cell.id, "the cell's id");
	played->request.cell.measure = RM_MEASURE_VERIFY;
	played->request.cell.write_kind = RM_CHURN;
	played->team = (struct rm_team){ .request = &played->request,
		.impl = &accounted,
		.members = played->members,
		.prefilled = PREFILLED,
		.keys_before = PREFILLED };
	set_members(played);
}

static void end(struct played *played, json_t *result)
{
	json_decref(result);
	json_decref(played->request.counters);
}

/* True if a member is this integer. */
static bool has(const json_t *object, const char *name, json_int_t expected)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_integer(value) && json_integer_value(value) == expected)
		return true;
	printf("# %s: %" JSON_INTEGER_FORMAT ", expected %" JSON_INTEGER_FORMAT
	       "\n",
	        name, json_integer_value(value), expected);
	return false;
}

static bool all_null(const json_t *object, const char *const names[])
{
	bool null = true;

	for (; *names; names++)
		null &= json_is_null(json_object_get(object, *names));
	return null;
}

static const json_t *verification_of(const json_t *result)
{
	return json_object_get(result, "verification");
}

/* True if a reader of results accepts the result, with the time of destroy()
   added. */
static bool is_answer(const json_t *result)
{
	struct rm_error error = { "" };
	bool taken;

	json_object_set_new(json_object_get(result, "phases_ns"), "destroy",
	        json_integer(1));
	taken = !rm_answer_check(
	        result, "the cell's id", RM_ANSWER_PRINTED, &error);

	if (!taken)
		printf("# %s\n", error.text);
	return taken;
}

static void counts_are_of_all_threads(void)
{
	struct played played;
	json_t *result;

	begin(&played);
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) && is(result, "ok", "") &&
	                json_is_null(json_object_get(result, "reason")),
	        "a correct trial is ok and its result can be read");
	CHECK(has(result, "ops", 21000 + 2100) &&
	                has(result, "lookups", 21000 - 6300 + 2100) &&
	                has(result, "writes", 6300),
	        "a pair is one iteration and two operations; look-ups and "
	        "writes count all");
	CHECK(has(result, "misses_absent", 9070) &&
	                has(result, "misses_resident", 740) &&
	                has(result, "hits", 16800 - 9810),
	        "each look-up is a hit or a miss of one of two kinds");
	CHECK(has(result, "inserts", 36) && has(result, "removes", 24) &&
	                has(result, "idle_removes", 605),
	        "inserts, removes and idle removes are separate");
	CHECK(number_of(result, "achieved_write_share") == 6300.0 / 23100 &&
	                number_of(result, "achieved_miss_share") ==
	                        9810.0 / 16800,
	        "shares are relative to the operations done");
	CHECK(has(result, "elapsed_ns", 902100),
	        "the window is from the first start to the last end");
	end(&played, result);
}

/* The positive control reports fewer operations than were done. */
static void a_control_reports_less(void)
{
	struct played played;
	json_t *result;

	begin(&played);
	played.request.control_extra = 0.25;
	result = rm_team_result(&played.team);
	CHECK(has(result, "ops", 23100 * 4 / 5),
	        "if a quarter more is executed, four fifths are reported");
	CHECK(has(result, "lookups", 16800) && has(result, "writes", 6300),
	        "the control changes no other count");
	end(&played, result);
}

static void values_are_of_all_threads(void)
{
	struct played played;
	const json_t *verification;
	char sum[32];
	json_t *result;

	begin(&played);
	result = rm_team_result(&played.team);
	verification = verification_of(result);
	CHECK(has(verification, "written", 6500) &&
	                has(verification, "returned", 230),
	        "written and returned are numbers of values of all threads");
	CHECK(!strcmp(text_of(verification, "accounting"), "values") &&
	                !strcmp(text_of(verification, "status"), "ok") &&
	                json_is_null(json_object_get(verification, "reason")),
	        "a map that returns values is also judged by them");
	CHECK(has(verification, "keys_expected", 15) &&
	                has(verification, "keys_held", 15) &&
	                has(result, "keys_before", 3) &&
	                has(result, "keys_after", 15),
	        "keys_before counts the keys before, keys_after the held keys");
	snprintf(sum, sizeof(sum), "%016" PRIx64,
	        rm_rank_mix(0) + rm_rank_mix(1) + rm_rank_mix(2) + 0x1234);
	CHECK(!strcmp(text_of(verification, "sum_expected"), sum) &&
	                !strcmp(text_of(verification, "sum_held"), sum),
	        "sums of keys have 16 hexadecimal digits");
	end(&played, result);
}

static void nothing_is_not_missing(void)
{
	struct played played;
	json_t *result;

	begin(&played);
	for (int i = 0; i < 2; i++)
		played.members[i].account = (struct rm_account){ .puts = 0 };
	result = rm_team_result(&played.team);
	CHECK(has(verification_of(result), "written", 0) &&
	                has(verification_of(result), "returned", 0),
	        "if there are no values, the sums are 0, not null");
	end(&played, result);
}

static void a_lost_key_is_reported(void)
{
	struct played played;
	const json_t *verification;
	json_t *result;

	begin(&played);
	played.members[1].held_keys--;
	played.members[0].held_sum = 0;
	played.members[1].held_sum = 0xab;
	result = rm_team_result(&played.team);
	verification = verification_of(result);
	CHECK(is_answer(result) && is(result, "failed", "key sums differ") &&
	                !strcmp(text_of(verification, "status"), "failed") &&
	                !strcmp(text_of(verification, "reason"),
	                        text_of(result, "reason")),
	        "a lost key fails the trial and its verification, with the "
	        "same reason");
	CHECK(has(verification, "keys_expected", 15) &&
	                has(verification, "keys_held", 14) &&
	                has(result, "keys_after", 14),
	        "the held and the expected keys are reported");
	CHECK(!strcmp(text_of(verification, "sum_held"), "00000000000000ab") &&
	                strcmp(text_of(verification, "sum_expected"),
	                        "00000000000000ab") != 0,
	        "the sums of held and expected keys are reported");
	end(&played, result);
}

static bool accounting_is(const struct rm_impl *impl, const char *expected)
{
	struct played played;
	json_t *result;
	bool so;

	begin(&played);
	played.team.impl = impl;
	result = rm_team_result(&played.team);
	so = !strcmp(text_of(verification_of(result), "accounting"), expected);
	end(&played, result);
	return so;
}

static void maps_without_values_are_judged_by_keys(void)
{
	CHECK(accounting_is(&accounted, "values") &&
	                accounting_is(&plain, "key sums only") &&
	                accounting_is(&other, "key sums only"),
	        "values are compared if the map offers exchange and take");
}

static void values_are_of_a_verification_only(void)
{
	static const char *const names[] = { "written", "returned",
		"accounting", "stopped_early", NULL };
	struct played played;
	json_t *result;

	begin(&played);
	played.request.cell.measure = RM_MEASURE_THROUGHPUT;
	played.members[0].account.stopped_early = true;
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) && all_null(verification_of(result), names),
	        "with another measure the four members on values are null");
	CHECK(has(verification_of(result), "keys_held", 15) &&
	                has(verification_of(result), "keys_expected", 15),
	        "with another measure the keys are reported");
	end(&played, result);
}

static bool stopped_early(bool first, bool second)
{
	struct played played;
	json_t *result;
	bool reported;

	begin(&played);
	played.members[0].account.stopped_early = first;
	played.members[1].account.stopped_early = second;
	result = rm_team_result(&played.team);
	reported = json_is_true(
	        json_object_get(verification_of(result), "stopped_early"));
	end(&played, result);
	return reported;
}

/* Sets `wrong` of both threads in the window and in the warm-up. */
static bool wrong_is(const uint64_t wrong[2], const uint64_t warm_up[2],
        int threads, const char *status)
{
	struct played played;
	json_t *result;
	bool so;

	begin(&played);
	for (int i = 0; i < 2; i++) {
		played.members[i].worker.counts.wrong = wrong[i];
		played.members[i].warm_up.wrong = warm_up[i];
	}
	result = rm_team_result(&played.team);
	so = has(verification_of(result), "wrong_values", threads) &&
	     is(result, status, "");
	end(&played, result);
	return so;
}

static void what_any_thread_saw_counts(void)
{
	static const uint64_t none[] = { 0, 0 }, first[] = { 8, 0 };
	static const uint64_t second[] = { 0, 8 }, both[] = { 8, 8 };

	CHECK(stopped_early(true, false) && stopped_early(false, true) &&
	                !stopped_early(false, false),
	        "one thread that stopped early suffices");
	CHECK(wrong_is(none, none, 0, "ok"),
	        "without wrong values the count is 0");
	CHECK(wrong_is(first, none, 1, "failed") &&
	                wrong_is(none, second, 1, "failed"),
	        "a wrong value counts, in the window or before");
	CHECK(wrong_is(first, first, 1, "failed"),
	        "a thread with two wrong values counts once");
	CHECK(wrong_is(both, none, 2, "failed") &&
	                wrong_is(first, second, 2, "failed"),
	        "two threads count twice");
}

static void run_own(struct rm_worker *worker)
{
	(void)worker;
}

static void subjects_without_keys_have_null(void)
{
	static const char *const names[] = { "keys_expected", "keys_held",
		"sum_expected", "sum_held", NULL };
	struct played played;
	const json_t *verification;
	json_t *result;

	begin(&played);
	played.team.own_loop = run_own;
	result = rm_team_result(&played.team);
	verification = verification_of(result);
	CHECK(is_answer(result) && is(result, "ok", "") &&
	                all_null(verification, names) &&
	                json_is_null(json_object_get(result, "keys_after")),
	        "with a technique's own loop keys are null, not 0");
	CHECK(!strcmp(text_of(verification, "reason"),
	              "no keys: the loop's own check judges its answers"),
	        "the reason names the loop's own check");
	json_decref(result);
	played.team.own_loop = NULL;
	played.team.impl = &empty;
	result = rm_team_result(&played.team);
	verification = verification_of(result);
	CHECK(is_answer(result) && all_null(verification, names) &&
	                json_is_null(json_object_get(result, "keys_after")) &&
	                !strcmp(text_of(verification, "reason"),
	                        "the map holds nothing"),
	        "keys are also null for a map without state");
	end(&played, result);
}

static void a_cold_map_was_not_counted(void)
{
	struct played played;
	json_t *result;

	begin(&played);
	played.request.cell.settle = RM_SETTLE_NO;
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) &&
	                json_is_null(json_object_get(result, "keys_before")) &&
	                has(result, "keys_after", 15),
	        "without settle only keys_before is null");
	end(&played, result);
}

/* A failure before the thread uses the map is not the map's fault. */
static void a_thread_that_cannot_begin_voids_it(void)
{
	struct played played;
	json_t *result;

	begin(&played);
	strcpy(played.members[1].error.text, "cannot pin");
	played.members[1].phase = RM_PHASE_SETUP;
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) && is(result, "void", "thread 1: cannot pin"),
	        "a thread that fails in setup voids the trial");
	CHECK(is(verification_of(result), "ok",
	              "not verified: thread 1: cannot pin") &&
	                json_is_null(json_object_get(
	                        verification_of(result), "keys_held")) &&
	                json_is_null(json_object_get(result, "keys_after")),
	        "then the map's content is unknown");
	end(&played, result);
}

static void a_thread_that_cannot_go_on_fails_it(void)
{
	static const char *const unknown[] = { "keys_expected", "keys_held",
		"sum_expected", "sum_held" };
	struct played played;
	json_t *result;
	bool is_null = true;

	begin(&played);
	strcpy(played.members[1].error.text, "cannot join");
	played.members[1].phase = RM_PHASE_CREATE;
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) &&
	                is(result, "failed", "thread 1: cannot join"),
	        "a thread's error is the trial's reason");
	CHECK(is(verification_of(result), "failed", "thread 1: cannot join"),
	        "a thread's error is the reason why the verification failed");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		is_null &= json_is_null(
		        json_object_get(verification_of(result), unknown[i]));
	CHECK(is_null && json_is_null(json_object_get(result, "keys_after")),
	        "if a thread cannot join, the map's content is null");
	CHECK(number_of(result, "achieved_write_share") == 6300.0 / 23100,
	        "the counts of the threads are known");
	end(&played, result);
}

/* Each kernel count of the second thread starts at a different value and has a
   different difference. */
static void set_usage(struct rm_member *member)
{
	member->before = (struct rm_thread_usage){ .cpu_ns = 100,
		.voluntary_switches = 200,
		.involuntary_switches = 300,
		.minor_faults = 400,
		.major_faults = 500,
		.migrations = 0,
		.runqueue_wait_ns = 700 };
	member->after = (struct rm_thread_usage){ .cpu_ns = 101,
		.voluntary_switches = 202,
		.involuntary_switches = 303,
		.minor_faults = 404,
		.major_faults = 505,
		.migrations = 0,
		.runqueue_wait_ns = 707 };
	member->cpu_start = 12;
	member->cpu_end = 13;
}

static void each_thread_is_listed(void)
{
	struct played played;
	const json_t *threads, *thread;
	json_t *result;

	begin(&played);
	set_usage(&played.members[1]);
	result = rm_team_result(&played.team);
	threads = json_object_get(result, "by_thread");
	thread = json_array_get(threads, 1);
	CHECK(json_array_size(threads) == 2 &&
	                has(json_array_get(threads, 0), "slot", 0) &&
	                has(thread, "slot", 1),
	        "threads are listed in the order of their slots");
	CHECK(has(json_array_get(threads, 0), "ops", 1100) &&
	                has(json_array_get(threads, 0), "writes", 300) &&
	                has(thread, "ops", 22000) &&
	                has(thread, "writes", 6000),
	        "each thread has its own counts");
	CHECK(has(json_array_get(threads, 0), "elapsed_ns", 900000) &&
	                has(thread, "elapsed_ns", 900100) &&
	                has(thread, "cpu_ns", 1),
	        "each thread has its own time");
	CHECK(has(thread, "voluntary_switches", 2) &&
	                has(thread, "involuntary_switches", 3) &&
	                has(thread, "minor_faults", 4) &&
	                has(thread, "major_faults", 5) &&
	                has(thread, "runqueue_wait_ns", 7),
	        "kernel counts are differences over the window");
	CHECK(has(thread, "migrations", 0),
	        "an unchanged count is 0, even if it started at 0");
	CHECK(has(thread, "cpu_start", 12) && has(thread, "cpu_end", 13) &&
	                json_is_null(json_object_get(thread, "cpu")),
	        "an unbound thread has the CPU it ran on");
	end(&played, result);
}

/* Simulates a kernel without schedstats, or one that stopped counting. */
static void what_the_kernel_does_not_count_is_null(void)
{
	static const char *const before[] = { "migrations", NULL };
	static const char *const after[] = { "runqueue_wait_ns", NULL };
	struct played played;
	const json_t *thread;
	json_t *result;

	begin(&played);
	set_usage(&played.members[1]);
	played.members[1].before.migrations = -1;
	played.members[1].after.runqueue_wait_ns = -1;
	result = rm_team_result(&played.team);
	thread = json_array_get(json_object_get(result, "by_thread"), 1);
	CHECK(all_null(thread, before) && all_null(thread, after),
	        "a count that is missing before or after is null");
	CHECK(has(thread, "major_faults", 5), "other counts are not null");
	end(&played, result);
}

static void bound_threads_have_their_cpu(void)
{
	struct played played;
	const json_t *threads;
	json_t *result;

	begin(&played);
	played.cpus[0] = 4;
	played.cpus[1] = 0;
	played.request.cell.cpus = played.cpus;
	played.request.cell.cpu_count = 2;
	result = rm_team_result(&played.team);
	threads = json_object_get(result, "by_thread");
	CHECK(has(json_array_get(threads, 0), "cpu", 4) &&
	                has(json_array_get(threads, 1), "cpu", 0),
	        "a bound thread has the CPU of its slot");
	end(&played, result);
}

static void phases_and_memory(void)
{
	struct played played;
	const json_t *phases, *footprint;
	bool each = true;
	json_t *result;

	begin(&played);
	for (int i = 0; i < RM_PHASES; i++)
		played.team.phase_ns[i] = (uint64_t)(1000 + i);
	played.team.rss_empty_bytes = 4096;
	played.team.rss_filled_bytes = 12288;
	result = rm_team_result(&played.team);
	phases = json_object_get(result, "phases_ns");
	for (int i = 0; i < RM_PHASES; i++)
		each &= has(phases, rm_phase_name(i), 1000 + i);
	CHECK(each && json_object_size(phases) == RM_PHASES,
	        "each phase has its time");
	footprint = json_object_get(result, "footprint");
	CHECK(has(footprint, "rss_empty_bytes", 4096) &&
	                has(footprint, "rss_filled_bytes", 12288),
	        "memory is reported without and with the keys");
	CHECK(number_of(footprint, "rss_peak_bytes") > 12288 &&
	                json_object_get(footprint, "page_nodes") &&
	                json_object_get(footprint, "huge_bytes"),
	        "the peak and the nodes of memory are reported");
	end(&played, result);
}

static const json_t *environment_of(const json_t *result)
{
	return json_object_get(result, "environment");
}

static void own_threads(void)
{
	struct played played;
	struct rm_impl own;
	json_t *result;

	begin(&played);
	own = *played.team.impl;
	own.caps |= RM_CAP_BACKGROUND;
	played.team.impl = &own;
	played.members[0].after.cpu_ns = played.members[0].before.cpu_ns + 300;
	played.members[1].after.cpu_ns = played.members[1].before.cpu_ns + 400;
	played.team.other_threads_ns[0] = 1000;
	played.team.other_threads_ns[1] = 2900;
	result = rm_team_result(&played.team);
	CHECK(has(environment_of(result), "own_threads_cpu_ns", 1200),
	        "CPU time of the map's own threads excludes the members' time");
	json_decref(result);
	played.team.other_threads_ns[0] = -1;
	result = rm_team_result(&played.team);
	CHECK(json_is_null(json_object_get(
	              environment_of(result), "own_threads_cpu_ns")),
	        "the CPU time of the map's own threads is null if unknown");
	end(&played, result);
}

static void environment(void)
{
	static char page[2 * 4096];
	struct played played;
	const json_t *reported;
	json_t *result;

	begin(&played);
	played.team.map = page + (4096 - (uintptr_t)page % 4096) + 4095;
	result = rm_team_result(&played.team);
	reported = environment_of(result);
	CHECK(json_is_null(json_object_get(reported, "adds_per_ns_before")) &&
	                json_is_null(
	                        json_object_get(reported, "adds_per_ns_after")),
	        "a speed that was not measured is null");
	json_decref(result);
	played.team.adds_per_ns[0] = 2.5;
	played.team.adds_per_ns[1] = 2.25;
	played.team.clock_cost_ns = 21.5;
	played.team.clock_step_ns = 10;
	result = rm_team_result(&played.team);
	reported = environment_of(result);
	CHECK(has(reported, "map_address_mod_4096", 4095),
	        "the map's offset in its page is reported");
	CHECK(number_of(reported, "adds_per_ns_before") == 2.5 &&
	                number_of(reported, "adds_per_ns_after") == 2.25,
	        "the CPU's speed before and after the window is reported");
	CHECK(number_of(reported, "clock_cost_ns") == 21.5 &&
	                has(reported, "clock_step_ns", 10) &&
	                !strcmp(text_of(reported, "allocator"),
	                        rm_allocator_file()),
	        "the costs of the clock and the allocator are reported");
	end(&played, result);
}

/* Returns 1 for on, 0 for off, and -1 for null. */
static int aslr_of(int kernel_says)
{
	struct played played;
	json_t *result;
	const json_t *reported;
	int aslr;

	persona = kernel_says;
	persona_is_played = true;
	begin(&played);
	result = rm_team_result(&played.team);
	reported = json_object_get(environment_of(result), "aslr");
	aslr = json_is_null(reported) ? -1 : json_is_true(reported);
	end(&played, result);
	persona_is_played = false;
	return aslr;
}

static void randomized_addresses(void)
{
	CHECK(aslr_of(0) == 1 && aslr_of(0x8) == 1,
	        "by default addresses are random");
	CHECK(aslr_of(ADDR_NO_RANDOMIZE) == 0 &&
	                aslr_of(ADDR_NO_RANDOMIZE | 0x8) == 0,
	        "with ADDR_NO_RANDOMIZE addresses are not random");
	CHECK(aslr_of(-1) == -1, "the member is null if the kernel does not "
	                         "report it");
}

/* Tests a loop without a schedule, a trace or counters. */
static void members_that_do_not_apply(void)
{
	static const char *const names[] = { "latency", "late_starts",
		"longest", "slices", "counters", "counters_reason", NULL };
	struct played played;
	json_t *result;

	begin(&played);
	result = rm_team_result(&played.team);
	CHECK(has(result, "protocol", 2) &&
	                !strcmp(text_of(result, "cell"), "the cell's id"),
	        "a result has the version of its format and its cell");
	CHECK(all_null(result, names), "members that do not apply are null");
	CHECK(!json_object_get(result, "replayed"),
	        "`replayed` is omitted without a trace");
	json_decref(result);
	strcpy(played.team.counters_error.text, "no PMU");
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) &&
	                json_is_null(json_object_get(result, "counters")) &&
	                !strcmp(text_of(result, "counters_reason"), "no PMU"),
	        "the reason for missing counters is reported");
	end(&played, result);
}

static void counters_are_reported(void)
{
	struct rm_error error = { "" };
	struct played played;
	json_t *result;

	begin(&played);
	if (rm_counters_open(played.request.counters, 2, NULL,
	            &played.team.counters, &error))
		printf("# %s\n", error.text);
	result = rm_team_result(&played.team);
	CHECK(is_answer(result) &&
	                !strcmp(text_of(json_object_get(result, "counters"),
	                                "backend"),
	                        "none"),
	        "a counters session reports its counts");
	rm_counters_close(played.team.counters);
	end(&played, result);
}

int main(void)
{
	counts_are_of_all_threads();
	a_control_reports_less();
	values_are_of_all_threads();
	nothing_is_not_missing();
	a_lost_key_is_reported();
	maps_without_values_are_judged_by_keys();
	values_are_of_a_verification_only();
	what_any_thread_saw_counts();
	subjects_without_keys_have_null();
	a_cold_map_was_not_counted();
	a_thread_that_cannot_begin_voids_it();
	a_thread_that_cannot_go_on_fails_it();
	each_thread_is_listed();
	what_the_kernel_does_not_count_is_null();
	bound_threads_have_their_cpu();
	phases_and_memory();
	own_threads();
	environment();
	randomized_addresses();
	members_that_do_not_apply();
	counters_are_reported();
	return DONE();
}
