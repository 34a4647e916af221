/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c - tests, with a simulated clock, how a budget is divided among
 * checks and rounds, and how hangs are detected. */
#include "tests/unit/tap.h"
#include "verify/check/budget.h"
#include "verify/check/check.h"

static const uint64_t second_ns = 1000000000U;

static void shares(void)
{
	const unsigned weights[] = { 2, 0, 6, 24, 8 };
	uint64_t left_ns = 10 * second_ns, spent_ns = 0;
	unsigned all = 2 + 6 + 24 + 8;
	bool fair = true;

	for (int i = 0; i < 5; i++) {
		uint64_t share = rm_budget_share_ns(left_ns, weights[i], all);

		fair = fair &&
		       share / 1000 == 10 * second_ns / 40 * weights[i] / 1000;
		left_ns -= share;
		spent_ns += share;
		all -= weights[i];
	}
	CHECK(fair, "each check gets its part of the budget by weight");
	CHECK(spent_ns + 40 > 10 * second_ns,
	        "together the checks get the whole budget");
	CHECK(!rm_budget_share_ns(second_ns, 0, 0),
	        "a last check of weight 0 gets no time, without a division by "
	        "0");
}

/* Runs rounds of operations that cost `op_ns`; returns the time used. */
static uint64_t run_rounds(uint64_t share_ns, uint64_t op_ns,
        struct rm_rounds *rounds, uint64_t *first_ops)
{
	rm_rounds_begin(rounds, share_ns);
	*first_ops = rounds->ops;
	while (rm_rounds_have_time(rounds))
		rm_rounds_record(
		        rounds, rounds->ops * op_ns, rounds->ops * op_ns / 2);
	return rounds->spent_ns;
}

static void rounds_fill_the_share(void)
{
	struct rm_rounds rounds;
	uint64_t first_ops;
	uint64_t used_ns = run_rounds(second_ns, 50, &rounds, &first_ops);

	CHECK(used_ns > second_ns / 2 && used_ns <= second_ns,
	        "rounds of fast operations use most of the share, but not "
	        "more");
	CHECK(rounds.ops > 20 * first_ops, "rounds get more operations");
	CHECK(rounds.done >= 4 && rounds.done <= 20,
	        "there are several rounds, but not many");
	used_ns = run_rounds(second_ns, 1000000, &rounds, &first_ops);
	CHECK(rounds.done == 1 && used_ns > second_ns,
	        "if an operation takes longer than the share, there is one "
	        "round");
	CHECK(rounds.ops == first_ops,
	        "a round that takes longer than the share does not grow");
}

static void rounds_are_cut(void)
{
	struct rm_rounds rounds;

	rm_rounds_begin(&rounds, 40 * second_ns);
	CHECK(rm_rounds_limit_ns(&rounds) == 10 * second_ns,
	        "a long round is stopped after twice its planned time");
	rm_rounds_begin(&rounds, 1);
	CHECK(rm_rounds_limit_ns(&rounds) == second_ns / 2,
	        "a round of a small share may take half a second");
}

/* Some checks limit their work, e.g. to 1,000 inserts, whatever the number of
 * operations. */
static void rounds_that_cost_the_same(void)
{
	struct rm_rounds rounds;

	rm_rounds_begin(&rounds, 1000 * second_ns);
	for (int i = 0; i < 1000; i++)
		rm_rounds_record(&rounds, 1000, 1000);
	CHECK(rounds.ops == RM_CHECK_OPS_MAX,
	        "operations never exceed the maximum of --ops");
}

/* If the next round is longer, there must be time for it. */
static void rounds_end_in_time(void)
{
	struct rm_rounds rounds;
	const uint64_t part_ns = second_ns / 25;
	uint64_t first_ops;

	rm_rounds_begin(&rounds, second_ns);
	first_ops = rounds.ops;
	rm_rounds_record(&rounds, second_ns / 10 * 9, second_ns / 10 * 9);
	CHECK(rounds.ops == first_ops && !rm_rounds_have_time(&rounds),
	        "no round starts that would take longer than the rest");
	rm_rounds_record(&rounds, part_ns, part_ns);
	CHECK(rounds.ops == 3 * first_ops && !rm_rounds_have_time(&rounds),
	        "no round starts that would take longer after growing "
	        "threefold");
	rm_rounds_begin(&rounds, second_ns);
	rm_rounds_record(&rounds, second_ns / 2, second_ns / 2);
	CHECK(rm_rounds_have_time(&rounds),
	        "a round that takes exactly the rest starts");
}

/* Threads that wait use a tenth of the wall time as CPU time. */
static void waits_are_paid(void)
{
	struct rm_rounds rounds;
	uint64_t wall_ns = 0;

	rm_rounds_begin(&rounds, second_ns);
	while (rm_rounds_have_time(&rounds)) {
		wall_ns += rounds.ops * 1000;
		rm_rounds_record(&rounds, rounds.ops * 100, rounds.ops * 1000);
	}
	CHECK(wall_ns > second_ns / 2 && wall_ns <= second_ns,
	        "rounds whose threads wait end within the share of wall time");
	CHECK(rounds.spent_ns == wall_ns, "the wall time of rounds whose "
	                                  "threads wait counts as used budget");
}

/* A call sleeps while other threads use CPU time, except in one sample. */
static enum rm_hang_verdict take_alone(unsigned awake)
{
	struct rm_hang_detector detector = { .deadline_ns = 30 * second_ns };
	enum rm_hang_verdict verdict = RM_HANG_NONE;

	for (uint64_t i = 0; i < 500; i++)
		verdict |= rm_hang_sample(&detector,
		        &(struct rm_process_sample){ i * 20000000, i * 10000000,
		                7, false, i && i != awake });
	return verdict;
}

static void a_call_starves(void)
{
	CHECK(take_alone(0) == RM_HANG_STARVED,
	        "a call that sleeps for 2 s of CPU time of the map starves");
	CHECK(take_alone(100) == RM_HANG_NONE,
	        "a call is not starved if its caller was awake at times");
}

static enum rm_hang_verdict take_sample(struct rm_hang_detector *detector,
        uint64_t wall, uint64_t cpu, uint64_t progress, bool asleep)
{
	const struct rm_process_sample seen = { wall, cpu, progress, asleep,
		false };

	return rm_hang_sample(detector, &seen);
}

/* A busy machine: the check gets almost no CPU time for an hour. */
static void load_proves_nothing(void)
{
	struct rm_hang_detector detector = { .deadline_ns = 2 * second_ns };
	bool reported = false;

	for (uint64_t i = 0; i < 3600; i++)
		reported = reported || take_sample(&detector, i * second_ns,
		                               i * 100000, 7, false);
	CHECK(!reported, "an hour almost without CPU time is not a hang");
}

static void slow_is_no_hang(void)
{
	struct rm_hang_detector detector = { .deadline_ns = 2 * second_ns };
	bool reported = false;

	for (uint64_t i = 0; i < 1000; i++)
		reported = reported || take_sample(&detector, i * second_ns,
		                               i * second_ns, i, false);
	CHECK(!reported, "one operation per second of CPU time is not a hang");
}

static void spinning_is_one(void)
{
	struct rm_hang_detector detector = { .deadline_ns = 2 * second_ns };
	uint64_t i = 0;

	while (i < 1000 &&
	        !take_sample(&detector, i * 20000000, i * 20000000, 7, i % 2))
		i++;
	CHECK(i == 101,
	        "2 s of CPU time without a completed operation is a hang");
}

static void sleep_is_one(void)
{
	struct rm_hang_detector detector = { .deadline_ns = 3 * second_ns };
	enum rm_hang_verdict verdict = RM_HANG_NONE;
	uint64_t i = 0;

	while (i < 1000 && !verdict)
		verdict = take_sample(&detector, i++ * 20000000, 5, 7, true);
	CHECK(verdict == RM_HANG_ASLEEP && i == 151,
	        "sleep of all threads for 3 s is a hang");
	detector = (struct rm_hang_detector){ .deadline_ns = 3 * second_ns };
	verdict = RM_HANG_NONE;
	for (i = 0; i < 1000; i++)
		verdict |= take_sample(&detector, i * 20000000, 5, 7, i % 90);
	CHECK(!verdict, "sleep for 3 s is not a hang if one thread was awake "
	                "at times");
	detector = (struct rm_hang_detector){ .deadline_ns = 3 * second_ns };
	for (i = 0; i < 50; i++)
		verdict |= take_sample(&detector, i * second_ns, 5, 7, true);
	CHECK(!verdict,
	        "a few samples are not a hang, however far apart they are");
}

int main(void)
{
	shares();
	rounds_fill_the_share();
	rounds_are_cut();
	rounds_that_cost_the_same();
	rounds_end_in_time();
	waits_are_paid();
	load_proves_nothing();
	slow_is_no_hang();
	spinning_is_one();
	sleep_is_one();
	a_call_starves();
	return DONE();
}
