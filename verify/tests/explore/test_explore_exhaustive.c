/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_exhaustive.c - compares the exhaustive scheduler with an
 * independent interpreter of all orders of steps (explore_brute.c). For every
 * bound the outcomes must be equal, with and without the reduction. Without the
 * reduction the numbers of schedules must also be equal, and match the formula
 * if there is one.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "runner/sim/guest/guest.h"
#include "tests/unit/sim/tsan_calls.h"
#include "tests/unit/tap.h"
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"
#include "verify/explore/locks.h"
#include "verify/explore/play.h"
#include "verify/explore/tree.h"
#include "verify/tests/explore/explore_brute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* There is one world per process. */
static struct {
	const struct brute_program *program;
	struct brute_outcomes *outcomes;
	struct brute_result result;
	uint64_t *word;
	uintptr_t made,
	        /* address of the first block, and distance between blocks */
	        pitch;
	pthread_mutex_t lock[BRUTE_LOCKS];
	/* number of the play at which memory runs out, from 1; 0: never */
	uint64_t starves;
} world;

static void do_word(
        unsigned lane, const struct brute_step *step, uint64_t *kept)
{
	uint64_t *at = &world.word[step->at], expected = *kept;

	switch (step->what) {
	case BRUTE_LOAD:
		*kept = __tsan_atomic64_load(at, __ATOMIC_SEQ_CST);
		brute_see(&world.result, lane, *kept);
		break;
	case BRUTE_STORE:
		__tsan_atomic64_store(at, step->value, __ATOMIC_SEQ_CST);
		break;
	case BRUTE_NEXT:
		__tsan_atomic64_store(
		        at, *kept + step->value, __ATOMIC_SEQ_CST);
		break;
	case BRUTE_ADD:
		*kept = __tsan_atomic64_fetch_add(
		        at, step->value, __ATOMIC_SEQ_CST);
		brute_see(&world.result, lane, *kept);
		break;
	case BRUTE_SWAP:
		brute_see(&world.result, lane,
		        __tsan_atomic64_compare_exchange_strong(at, &expected,
		                step->value, __ATOMIC_SEQ_CST,
		                __ATOMIC_SEQ_CST) != 0);
		break;
	default:
		while (!__tsan_atomic64_load(at, __ATOMIC_SEQ_CST))
			rm_sim_relax();
	}
}

static void do_other(
        struct rm_explore_lane *lane, const struct brute_step *step)
{
	switch (step->what) {
	case BRUTE_LOCK:
		rm_sim_mutex_lock(&world.lock[step->at]);
		break;
	case BRUTE_UNLOCK:
		rm_sim_mutex_unlock(&world.lock[step->at]);
		break;
	case BRUTE_FREE:
		rm_sim_free(world.word);
		break;
	case BRUTE_MARK:
		rm_explore_mark_opaque();
		lane->operation = step->value;
		brute_mark(&world.result, lane->id - 1, step->value);
		break;
	default:
		brute_see(&world.result, lane->id - 1,
		        ((uintptr_t)rm_sim_malloc(8) - world.made) /
		                world.pitch);
	}
}

static void lane_main(struct rm_explore_lane *lane)
{
	const struct brute_step *step = world.program->step[lane->id - 1];
	uint64_t kept = 0;

	for (; step->what != BRUTE_END; step++)
		if (step->what == BRUTE_ONLY && kept != step->value)
			break;
		else if (step->what == BRUTE_ONLY)
			continue;
		else if (step->what <= BRUTE_SWAP || step->what == BRUTE_AWAIT)
			do_word(lane->id - 1, step, &kept);
		else
			do_other(lane, step);
	lane->operation = -1;
}

static void main_thread(struct rm_explore_lane *lane)
{
	(void)lane;
	world.word = rm_sim_calloc(BRUTE_WORDS, sizeof(*world.word));
	world.made = (uintptr_t)rm_sim_malloc(8);
	world.pitch = (uintptr_t)rm_sim_malloc(8) - world.made;
	world.made += 2 * world.pitch;
	for (unsigned i = 0; i < BRUTE_LOCKS; i++)
		rm_sim_mutex_init(&world.lock[i], NULL);
	for (unsigned i = 1; i <= world.program->lanes; i++)
		rm_explore_clocks_fork(i);
	rm_explore_run_threads(world.program->lanes, lane_main);
}

/* Replaces play.c: runs these programs instead of a map's. */
int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error)
{
	enum rm_explore_fault fault;

	(void)program, (void)error;
	world.result = (struct brute_result){ .end = "" };
	rm_explore_heap_reset();
	rm_explore_clocks_reset();
	rm_explore_begin(schedule, limit, main_thread);
	memcpy(world.result.word, world.word, sizeof(world.result.word));
	rm_explore_clocks_undo();
	fault = rm_explore.finding.fault;
	if (fault)
		world.result.end = fault == RM_EXPLORE_FREED ? "use after free"
		                   : fault == RM_EXPLORE_DEADLOCK
		                           ? "deadlock"
		                           : rm_explore.finding.what;
	brute_add(world.outcomes, &world.result);
	if (world.starves && !--world.starves)
		schedule->tree->conflicts.starved = true;
	/* no play fails, so that all schedules are played */
	played->fault = RM_EXPLORE_NOTHING;
	return 0;
}

static struct rm_explore_tally exhaust(const struct brute_program *program,
        unsigned preemptions, bool unreduced, struct brute_outcomes *outcomes)
{
	const struct rm_explore_exhaust how = { .preemptions = preemptions,
		.most = 10000000,
		.limit = 100000,
		.unreduced = unreduced };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_tally tally = { 0 };
	struct rm_error error = { "" };

	world.program = program;
	world.outcomes = outcomes;
	outcomes->count = 0;
	if (rm_explore_exhaust(NULL, &how, &tally, NULL, &played, &error))
		printf("# %s\n", error.text);
	return tally;
}

static const struct brute_program programs[] = {
	{ "store buffering", 2,
	        { { { BRUTE_STORE, 0, 1 }, { BRUTE_LOAD, 1, 0 } },
	                { { BRUTE_STORE, 1, 1 }, { BRUTE_LOAD, 0, 0 } } } },
	{ "program: a message next to private words", 2,
	        { { { BRUTE_STORE, 2, 1 }, { BRUTE_LOAD, 2, 0 },
	                  { BRUTE_STORE, 0, 1 }, { BRUTE_STORE, 1, 1 } },
	                { { BRUTE_STORE, 3, 2 }, { BRUTE_LOAD, 1, 0 },
	                        { BRUTE_LOAD, 3, 0 },
	                        { BRUTE_LOAD, 0, 0 } } } },
	{ "program: a lost update of three", 3,
	        { { { BRUTE_LOAD, 0, 0 }, { BRUTE_NEXT, 0, 1 } },
	                { { BRUTE_LOAD, 0, 0 }, { BRUTE_NEXT, 0, 1 } },
	                { { BRUTE_LOAD, 0, 0 }, { BRUTE_NEXT, 0, 1 } } } },
	{ "program: additions and a compare-and-swap", 3,
	        { { { BRUTE_ADD, 0, 1 }, { BRUTE_ADD, 1, 1 } },
	                { { BRUTE_LOAD, 0, 0 }, { BRUTE_LOAD, 2, 0 },
	                        { BRUTE_SWAP, 0, 5 } },
	                { { BRUTE_LOAD, 1, 0 }, { BRUTE_SWAP, 0, 7 } } } },
	{ "program: two locks in two orders", 2,
	        { { { BRUTE_LOCK, 0, 0 }, { BRUTE_LOCK, 1, 0 },
	                  { BRUTE_ADD, 0, 1 }, { BRUTE_UNLOCK, 1, 0 },
	                  { BRUTE_UNLOCK, 0, 0 } },
	                { { BRUTE_LOCK, 1, 0 }, { BRUTE_LOCK, 0, 0 },
	                        { BRUTE_ADD, 0, 1 }, { BRUTE_UNLOCK, 0, 0 },
	                        { BRUTE_UNLOCK, 1, 0 } } } },
	{ "program: three share a lock, and one reads without it", 3,
	        { { { BRUTE_LOCK, 0, 0 }, { BRUTE_STORE, 0, 1 },
	                  { BRUTE_STORE, 1, 1 }, { BRUTE_UNLOCK, 0, 0 } },
	                { { BRUTE_LOCK, 0, 0 }, { BRUTE_LOAD, 0, 0 },
	                        { BRUTE_UNLOCK, 0, 0 } },
	                { { BRUTE_LOAD, 1, 0 }, { BRUTE_LOAD, 0, 0 } } } },
	{ "program: a waiting lane yields", 3,
	        { { { BRUTE_AWAIT, 0, 0 }, { BRUTE_LOAD, 1, 0 } },
	                { { BRUTE_STORE, 1, 1 }, { BRUTE_STORE, 0, 1 } },
	                { { BRUTE_LOAD, 1, 0 }, { BRUTE_STORE, 1, 2 } } } },
	{ "program: two lanes wait for the third", 3,
	        { { { BRUTE_AWAIT, 0, 0 }, { BRUTE_LOAD, 1, 0 } },
	                { { BRUTE_AWAIT, 0, 0 }, { BRUTE_STORE, 1, 2 } },
	                { { BRUTE_STORE, 1, 1 }, { BRUTE_STORE, 0, 1 } } } },
	{ "program: a block is freed after reads only", 2,
	        { { { BRUTE_LOAD, 0, 0 }, { BRUTE_LOAD, 1, 0 },
	                  { BRUTE_LOAD, 0, 0 } },
	                { { BRUTE_LOAD, 2, 0 }, { BRUTE_FREE, 0, 0 } } } },
	{ "program: operations begin and end", 2,
	        { { { BRUTE_MARK, 0, 0 }, { BRUTE_STORE, 2, 1 },
	                  { BRUTE_MARK, 0, 1 }, { BRUTE_LOAD, 2, 0 },
	                  { BRUTE_LOAD, 0, 0 }, { BRUTE_MARK, 0, 2 } },
	                { { BRUTE_MARK, 0, 0 }, { BRUTE_STORE, 3, 1 },
	                        { BRUTE_STORE, 0, 1 }, { BRUTE_MARK, 0, 1 },
	                        { BRUTE_LOAD, 3, 0 },
	                        { BRUTE_MARK, 0, 2 } } } },
	{ "program: the order of allocations", 2,
	        { { { BRUTE_LOAD, 2, 0 }, { BRUTE_NEW, 0, 0 },
	                  { BRUTE_LOAD, 2, 0 }, { BRUTE_NEW, 0, 0 },
	                  { BRUTE_LOAD, 2, 0 } },
	                { { BRUTE_STORE, 3, 1 }, { BRUTE_NEW, 0, 0 },
	                        { BRUTE_LOAD, 3, 0 }, { BRUTE_NEW, 0, 0 } } } },
	{ "program: words of operations that have ended", 2,
	        { { { BRUTE_MARK, 0, 0 }, { BRUTE_STORE, 0, 1 },
	                  { BRUTE_MARK, 0, 1 }, { BRUTE_LOAD, 1, 0 },
	                  { BRUTE_STORE, 2, 1 }, { BRUTE_MARK, 0, 2 },
	                  { BRUTE_LOAD, 0, 0 } },
	                { { BRUTE_MARK, 0, 0 }, { BRUTE_STORE, 1, 1 },
	                        { BRUTE_MARK, 0, 1 }, { BRUTE_LOAD, 0, 0 },
	                        { BRUTE_LOAD, 2, 0 },
	                        { BRUTE_STORE, 0, 2 } } } },
	{ "program: a path that one preemption opens", 2,
	        { { { BRUTE_STORE, 0, 1 }, { BRUTE_LOAD, 1, 0 },
	                  { BRUTE_STORE, 0, 2 } },
	                { { BRUTE_LOAD, 0, 0 }, { BRUTE_ONLY, 0, 1 },
	                        { BRUTE_STORE, 1, 9 } } } },
};

/* A walk is not complete if its conflicts could not be recorded. */
static void starves(void)
{
	const struct rm_explore_exhaust how = {
		.preemptions = 2, .most = 1000, .limit = 1000
	};
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_tally tally = { 0 };
	struct brute_outcomes outcomes = { .count = 0 };
	struct rm_error error = { "" };

	world.program = &programs[0];
	world.outcomes = &outcomes;
	world.starves = 3;
	CHECK(rm_explore_exhaust(NULL, &how, &tally, NULL, &played, &error) ==
	                        -ENOMEM &&
	                !strcmp(error.text, "out of memory"),
	        "a walk that cannot record conflicts ends with an error");
	CHECK(tally.plays == 3, "an error ends the walk at once");
}

/* Checks a program for every bound, and without one. */
static void equals_brute_force(const struct brute_program *program)
{
	static const unsigned bounds[] = { 0, 1, 2, 3, BRUTE_NO_BOUND };
	static struct brute_outcomes all, ours, reduced;
	bool same = true, same_reduced = true, as_many = true;
	uint64_t full = 0, fewer = 0;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		brute_force(program, bounds[i], &all);
		full = exhaust(program, bounds[i], true, &ours).schedules;
		fewer = exhaust(program, bounds[i], false, &reduced).schedules;
		same &= brute_equal(&all, &ours);
		same_reduced &= brute_equal(&all, &reduced);
		as_many &= full == all.plays;
	}
	printf("# %s: %zu outcomes of %llu schedules, %llu after reduction\n",
	        program->name, all.count, (unsigned long long)full,
	        (unsigned long long)fewer);
	CHECK(same,
	        "without the reduction, the outcomes are those of brute force");
	CHECK(as_many, "without the reduction, there are as many schedules as "
	               "by brute force");
	CHECK(same_reduced,
	        "with the reduction, the outcomes are those of brute force");
	CHECK(fewer <= full, "with the reduction, there are not more schedules "
	                     "than by brute force");
}

static uint64_t binomial(unsigned n, unsigned k)
{
	uint64_t value = 1;

	if (k > n)
		return 0;
	for (unsigned i = 1; i <= k; i++)
		value = value * (n - k + i) / i;
	return value;
}

/* The number of orders of n and m steps in `blocks` alternating blocks. The
   last switch is not a preemption, since one lane has ended. */
static uint64_t in_blocks(unsigned n, unsigned m, unsigned blocks)
{
	unsigned first = (blocks + 1) / 2, second = blocks / 2;

	return binomial(n - 1, first - 1) * binomial(m - 1, second - 1) +
	       binomial(m - 1, first - 1) * binomial(n - 1, second - 1);
}

/* Compares lanes of n and m steps, including their beginnings. */
static bool as_formula(unsigned n, unsigned m)
{
	static struct brute_outcomes outcomes;
	struct brute_program program = { "straight", 2, { { { 0 } } } };
	uint64_t expected = 0;
	bool equal = true;

	for (unsigned i = 0; i + 1 < n; i++)
		program.step[0][i] = (struct brute_step){ BRUTE_ADD, 0, 1 };
	for (unsigned i = 0; i + 1 < m; i++)
		program.step[1][i] = (struct brute_step){ BRUTE_ADD, 0, 1 };
	for (unsigned p = 0; p < 4; p++) {
		expected += in_blocks(n, m, p + 2);
		equal &= exhaust(&program, p, true, &outcomes).schedules ==
		         expected;
		equal &= exhaust(&program, p, false, &outcomes).schedules ==
		         expected;
	}
	return equal &&
	       exhaust(&program, BRUTE_NO_BOUND, true, &outcomes).schedules ==
	               binomial(n + m, n);
}

/* Three lanes that never conflict: only their order can be chosen. */
static void reduces(void)
{
	static const struct brute_program program = { "apart", 3,
		{ { { BRUTE_STORE, 0, 1 }, { BRUTE_STORE, 0, 2 },
		          { BRUTE_LOAD, 3, 0 } },
		        { { BRUTE_STORE, 1, 1 }, { BRUTE_STORE, 1, 2 },
		                { BRUTE_LOAD, 3, 0 } },
		        { { BRUTE_STORE, 2, 1 }, { BRUTE_STORE, 2, 2 },
		                { BRUTE_LOAD, 3, 0 } } } };
	static struct brute_outcomes outcomes;
	struct rm_explore_tally reduced =
	        exhaust(&program, BRUTE_NO_BOUND, false, &outcomes);

	printf("# apart: %llu schedules\n",
	        (unsigned long long)reduced.schedules);
	CHECK(reduced.schedules < 200,
	        "few of 34,650 schedules remain if no lanes conflict");
}

int main(void)
{
	struct rm_error error = { "" };

	if (rm_explore_open(&error)) {
		CHECK(false, error.text);
		return DONE();
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		equals_brute_force(&programs[i]);
	CHECK(as_formula(4, 4) && as_formula(3, 6) && as_formula(2, 9),
	        "two lanes: the numbers of schedules match the formulas");
	reduces();
	starves();
	return DONE();
}
