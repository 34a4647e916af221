/* SPDX-License-Identifier: Apache-2.0 */
/* A budget is shared out and spent in rounds, and who hangs is told by what it
   used and did, all by a clock that this test plays. */
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
		uint64_t share = rm_budget_share(left_ns, weights[i], all);

		fair = fair &&
		       share / 1000 == 10 * second_ns / 40 * weights[i] / 1000;
		left_ns -= share;
		spent_ns += share;
		all -= weights[i];
	}
	CHECK(fair, "each check has its weight's part of the budget");
	CHECK(spent_ns + 40 > 10 * second_ns, "together they have all of it");
	CHECK(!rm_budget_share(second_ns, 0, 0),
	        "the last of no weight gets nothing, and divides by nothing");
}

/* CPU time that an operation costs; returns what the rounds used. */
static uint64_t spend(uint64_t share_ns, uint64_t op_ns,
        struct rm_rounds *rounds, uint64_t *first_ops)
{
	rm_rounds_begin(rounds, share_ns);
	*first_ops = rounds->ops;
	while (rm_rounds_another(rounds))
		rm_rounds_spent(
		        rounds, rounds->ops * op_ns, rounds->ops * op_ns / 2);
	return rounds->spent_ns;
}

static void rounds_fill_the_share(void)
{
	struct rm_rounds rounds;
	uint64_t first_ops;
	uint64_t used_ns = spend(second_ns, 50, &rounds, &first_ops);

	CHECK(used_ns > second_ns / 2 && used_ns <= second_ns,
	        "fast operations use most of the share, and no more");
	CHECK(rounds.ops > 20 * first_ops, "in rounds that grow");
	CHECK(rounds.done >= 4 && rounds.done <= 20,
	        "in more than one round, and not in very many");
	used_ns = spend(second_ns, 1000000, &rounds, &first_ops);
	CHECK(rounds.done == 1 && used_ns > second_ns,
	        "operations that are slow beyond the share get one round");
	CHECK(rounds.ops == first_ops, "which is not made longer");
}

static void rounds_are_cut(void)
{
	struct rm_rounds rounds;

	rm_rounds_begin(&rounds, 40 * second_ns);
	CHECK(rm_rounds_longest_ns(&rounds) == 10 * second_ns,
	        "a round of many seconds is cut at twice its part");
	rm_rounds_begin(&rounds, 1);
	CHECK(rm_rounds_longest_ns(&rounds) == second_ns / 2,
	        "one of a small share has half a second");
}

/* As where a check inserts 1,000 keys at most, whatever it is asked for. */
static void rounds_that_cost_the_same(void)
{
	struct rm_rounds rounds;

	rm_rounds_begin(&rounds, 1000 * second_ns);
	for (int i = 0; i < 1000; i++)
		rm_rounds_spent(&rounds, 1000, 1000);
	CHECK(rounds.ops == RM_CHECK_OPS_MOST,
	        "never have more operations than may be asked for again");
}

/* One that was short is made longer: then there must be time for the longer. */
static void rounds_end_in_time(void)
{
	struct rm_rounds rounds;
	const uint64_t part_ns = second_ns / 25;
	uint64_t first_ops;

	rm_rounds_begin(&rounds, second_ns);
	first_ops = rounds.ops;
	rm_rounds_spent(&rounds, second_ns / 10 * 9, second_ns / 10 * 9);
	CHECK(rounds.ops == first_ops && !rm_rounds_another(&rounds),
	        "no round is begun that would take longer than there is time");
	rm_rounds_spent(&rounds, part_ns, part_ns);
	CHECK(rounds.ops == 3 * first_ops && !rm_rounds_another(&rounds),
	        "nor one of three times the operations of one that was short");
	rm_rounds_begin(&rounds, second_ns);
	rm_rounds_spent(&rounds, second_ns / 2, second_ns / 2);
	CHECK(rm_rounds_another(&rounds),
	        "but one that takes all that is left is");
}

/* As where threads stand aside: they use a tenth of the time that passes. */
static void waits_are_paid(void)
{
	struct rm_rounds rounds;
	uint64_t wall_ns = 0;

	rm_rounds_begin(&rounds, second_ns);
	while (rm_rounds_another(&rounds)) {
		wall_ns += rounds.ops * 1000;
		rm_rounds_spent(&rounds, rounds.ops * 100, rounds.ops * 1000);
	}
	CHECK(wall_ns > second_ns / 2 && wall_ns <= second_ns,
	        "rounds that wait end within the share by the wall's clock");
	CHECK(rounds.spent_ns == wall_ns,
	        "and have used as much of the budget");
}

static enum rm_patience_says look(struct rm_patience *patience, uint64_t wall,
        uint64_t cpu, uint64_t progress, bool asleep)
{
	const struct rm_look seen = { wall, cpu, progress, asleep };

	return rm_patience_look(patience, &seen);
}

/* A machine that gives no time: an hour passes, with a little CPU time. */
static void load_proves_nothing(void)
{
	struct rm_patience patience = { .deadline_ns = 2 * second_ns };
	bool accused = false;

	for (uint64_t i = 0; i < 3600; i++)
		accused = accused ||
		          look(&patience, i * second_ns, i * 100000, 7, false);
	CHECK(!accused, "an hour in which it hardly ran is no hang");
}

static void slow_is_no_hang(void)
{
	struct rm_patience patience = { .deadline_ns = 2 * second_ns };
	bool accused = false;

	for (uint64_t i = 0; i < 1000; i++)
		accused = accused || look(&patience, i * second_ns,
		                             i * second_ns, i, false);
	CHECK(!accused, "who ends an operation a second of CPU time goes on");
}

static void spinning_is_one(void)
{
	struct rm_patience patience = { .deadline_ns = 2 * second_ns };
	uint64_t i = 0;

	while (i < 1000 &&
	        !look(&patience, i * 20000000, i * 20000000, 7, i % 2))
		i++;
	CHECK(i == 101, "2 s of CPU time without an end of anything is a hang");
}

static void sleep_is_one(void)
{
	struct rm_patience patience = { .deadline_ns = 3 * second_ns };
	enum rm_patience_says says = RM_GOES_ON;
	uint64_t i = 0;

	while (i < 1000 && !says)
		says = look(&patience, i++ * 20000000, 5, 7, true);
	CHECK(says == RM_SLEEPS && i == 151, "sleep of all for 3 s is a hang");
	patience = (struct rm_patience){ .deadline_ns = 3 * second_ns };
	says = RM_GOES_ON;
	for (i = 0; i < 1000; i++)
		says |= look(&patience, i * 20000000, 5, 7, i % 90);
	CHECK(!says, "not if one was awake now and then");
	patience = (struct rm_patience){ .deadline_ns = 3 * second_ns };
	for (i = 0; i < 50; i++)
		says |= look(&patience, i * second_ns, 5, 7, true);
	CHECK(!says, "nor of few looks, however far apart");
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
	return DONE();
}
