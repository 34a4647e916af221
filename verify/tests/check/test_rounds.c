/* SPDX-License-Identifier: Apache-2.0 */
/* test_rounds.c - tests the settings of each round of a check, its share of the
 * budget, and the summary of all rounds. The checks are defined in this file,
 * and run in this process if they cannot hang. */
#include "tests/unit/tap.h"
#include "verify/check/internal.h"
#include "verify/check/quarantine.h"
#include "verify/check/witness.h"

#include <string.h>

enum { OPS = 1234, CALLS = 100 };

static struct rm_check_case seen[CALLS];
static unsigned calls, fails_at; /* 0: never */

static int note(const struct rm_check_case *c, struct rm_error *error)
{
	seen[calls++ % CALLS] = *c;
	/* relaxed: a count */
	atomic_fetch_add_explicit(
	        &rm_witness()->operations, 10, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &rm_witness()->sampled, 5, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &rm_witness()->overlapped, 3, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &rm_witness()->stops, 2, memory_order_relaxed);
	if (calls == fails_at)
		return rm_error_set(error, -1, "call %u", calls);
	return calls == 1 ? rm_error_set(error, 0, "the first") : 0;
}

static const char *fits(const struct rm_check_case *c)
{
	(void)c;
	return NULL;
}

static const char *never_fits(const struct rm_check_case *c)
{
	(void)c;
	return "it is not a map";
}

static const struct rm_check light = { "light", "", fits, note, 0, false };
static const struct rm_check heavy = { "heavy", "", fits, note, 3, false };
static const struct rm_check unfit = { "unfit", "", never_fits, note, 3,
	false };
static const struct rm_check counting = { "counting", "", fits, note, 3, true };
static const struct rm_check_case usual = {
	.seed = 7, .ops = OPS, .threads = 2
};

static void rounds_differ(void)
{
	bool seeds = true, ops = true, stops = true, kept = true;

	for (unsigned n = 0; n < 16; n++) {
		struct rm_check_case a =
		        rm_check_round(&heavy, &usual, n, n + 5);

		ops &= a.ops == n + 5 && a.threads == usual.threads;
		stops &= a.preempt == (n % 2 && !rm_sanitized());
		kept &= a.quarantine ==
		        (n / 2 % 2 && rm_quarantine_is_loaded());
		for (unsigned i = 0; i < n; i++)
			seeds &= a.seed !=
			         rm_check_round(&heavy, &usual, i, 5).seed;
	}
	CHECK(rm_check_round(&heavy, &usual, 0, 5).seed == usual.seed,
	        "the first round has the seed of the case");
	CHECK(seeds, "each other round has its own seed");
	CHECK(ops, "each round has the given operations");
	CHECK(stops, "every second round has stops by signals");
	CHECK(kept, "every second pair has the quarantine, if it is "
	            "loaded");
}

static void what_is_asked_for_is_in_all(void)
{
	struct rm_check_case all = usual;
	bool both = true, none = true;

	all.preempt = all.quarantine = true;
	for (unsigned n = 0; n < 4; n++) {
		struct rm_check_case a = rm_check_round(&heavy, &all, n, 5);

		both &= a.preempt && a.quarantine;
		a = rm_check_round(&counting, &all, n, 5);
		none &= a.preempt && !a.quarantine;
	}
	CHECK(both, "settings of the case apply to each round");
	CHECK(none, "checks that count memory never use the quarantine");
}

static const struct rm_check_limits in_process_limits = {
	.deadline_ns = 1, .memory_bytes = 1, .in_process = true
};

static enum rm_check_verdict run(const struct rm_check *check,
        uint64_t budget_ns, struct rm_check_result *done,
        struct rm_error *error)
{
	struct rm_check_limits limits = in_process_limits;

	limits.budget_ns = budget_ns;
	calls = 0;
	*done = (struct rm_check_result){ 0 };
	*error = (struct rm_error){ "" };
	return rm_check_run(check, &usual, &limits, done, error);
}

static void one_round_is_the_case(void)
{
	struct rm_check_result done;
	struct rm_error error;
	struct rm_witness *before = rm_witness();

	fails_at = 0;
	CHECK(run(&heavy, 0, &done, &error) == RM_CHECK_OK && calls == 1 &&
	                done.rounds == 1 && seen[0].ops == OPS &&
	                seen[0].seed == 7 && !seen[0].until_ns,
	        "without a budget there is one round, of the unchanged case");
	CHECK(rm_witness() == before, "the shared witness is released");
	CHECK(!strcmp(error.text, "the first"), "the summary is passed on");
	CHECK(done.operations == 10 && done.sampled == 5 &&
	                done.overlapped == 3 && done.stops == 2,
	        "the counts are passed on");
	CHECK(run(&light, 1000000000, &done, &error) == RM_CHECK_OK &&
	                calls == 1 && seen[0].ops == OPS && !seen[0].until_ns,
	        "a check of weight 0 has one round for any budget");
	CHECK(run(&unfit, 0, &done, &error) == RM_CHECK_SKIPPED && !calls &&
	                !strcmp(error.text, "it is not a map"),
	        "a check that does not fit is skipped with the reason");
}

static void a_budget_has_rounds(void)
{
	struct rm_check_result done;
	struct rm_error error;
	bool ended = true;

	fails_at = 3;
	CHECK(run(&heavy, 60000000000, &done, &error) == RM_CHECK_FAILED &&
	                calls == 3 && done.rounds == 3 &&
	                !strcmp(error.text, "call 3"),
	        "rounds end at a failure, with its message");
	CHECK(done.operations == 30 && done.sampled == 15 &&
	                done.overlapped == 9 && done.stops == 6,
	        "the counts of all rounds are passed on");
	CHECK(!done.hung && !done.repeats && !done.repeat_failures,
	        "without processes no round is repeated");
	CHECK(done.last.seed == seen[2].seed && done.last.ops == seen[2].ops &&
	                seen[2].seed ==
	                        rm_check_round(&heavy, &usual, 2, 1).seed &&
	                seen[1].preempt == !rm_sanitized() &&
	                seen[0].seed == usual.seed,
	        "the last round is the one that failed");
	for (unsigned i = 0; i < 3; i++)
		ended &= seen[i].until_ns > 15000000000;
	CHECK(ended && seen[1].ops > seen[0].ops && seen[2].ops > seen[1].ops,
	        "each round is longer than the last and has a time limit");
	fails_at = 1;
	CHECK(run(&heavy, 1, &done, &error) == RM_CHECK_FAILED && calls == 1,
	        "the smallest budget has one round");
}

/* Calls in child processes are numbered by the witness, which all processes
 * share. */
static int fail_twice(const struct rm_check_case *c, struct rm_error *error)
{
	(void)c;
	/* relaxed: a count */
	uint64_t call = atomic_fetch_add_explicit(
	        &rm_witness()->operations, 1, memory_order_relaxed);

	/* long enough to be visible in CPU time */
	for (volatile unsigned i = 0; i < 3000000; i++)
		;
	return call == 0 || call == 2
	               ? rm_error_set(error, -1, "failure %d", (int)call)
	               : 0;
}

static void a_failure_is_tried_again(void)
{
	const struct rm_check check = { "again", "", fits, fail_twice, 3,
		false };
	struct rm_check_limits limits = { .deadline_ns = 60000000000,
		.memory_bytes = 1ULL << 40 };
	struct rm_check_result done = { 0 };
	struct rm_error error = { "" };

	CHECK(rm_check_run(&check, &usual, &limits, &done, &error) ==
	                        RM_CHECK_FAILED &&
	                !strcmp(error.text, "failure 0"),
	        "a failure in a child process is passed on");
	CHECK(done.repeats == 4 && done.repeat_failures == 1,
	        "a failing round is repeated four times, and failures are "
	        "counted");
	CHECK(done.operations == 1 && done.rounds == 1,
	        "repetitions are not rounds");
	CHECK(done.cpu_ns && done.spent_ns >= done.cpu_ns,
	        "a round costs CPU time, and at least as much of the budget");
}

/* A map that offers only mandatory operations. */
static void shares_are_by_weight(void)
{
	static const struct rm_map_ops least = { .create = NULL };
	static const struct rm_impl impl = { .guarantees = "none",
		.progress = "blocking",
		.sync = "none",
		.shapes = RM_ALL_SHAPES,
		.ops = &least };
	const struct rm_check_case c = {
		.impl = &impl, .shape = RM_U64X8, .threads = 2
	};
	const uint64_t all_ns = 1000000007;
	unsigned fit = 0, weights = 0;
	uint64_t left_ns = all_ns;
	bool right = true;

	for (size_t i = 0; i < rm_check_count; i++)
		if (!rm_checks[i].unfit(&c))
			weights += rm_checks[i].weight;
	for (size_t i = 0; i < rm_check_count; i++) {
		const struct rm_check *one = rm_checks + i;

		if (one->unfit(&c))
			continue;
		fit++;
		right &= rm_check_share_ns(one, &c, left_ns) ==
		         (weights ? left_ns / weights * one->weight : 0);
		left_ns -= rm_check_share_ns(one, &c, left_ns);
		weights -= one->weight;
	}
	CHECK(right && fit > 2 && fit < rm_check_count,
	        "a check gets its part by weight among the remaining checks");
	CHECK(left_ns < 1000, "together the checks get all the time");
}

int main(void)
{
	rounds_differ();
	what_is_asked_for_is_in_all();
	one_round_is_the_case();
	a_budget_has_rounds();
	a_failure_is_tried_again();
	shares_are_by_weight();
	return DONE();
}
