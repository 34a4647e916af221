/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_schedule.c - tests the schedulers: valid choices, repeatable
   seeds, the bound of PCT, stalled lanes, and replay of a list. */
#include "runner/base/rng.h"
#include "tests/unit/tap.h"
#include "verify/explore/schedule.h"

#include <stdlib.h>
#include <string.h>

enum { TURNS = 2000, LANES = 4, ALL = 0xe };

/* Makes TURNS decisions; in each of them, a different lane is unable to run. */
static bool play(struct rm_explore_schedule *schedule,
        struct rm_explore_turns *taken, uint32_t *never)
{
	struct rm_explore_situation situation = { .running = 1 };
	bool chosen = true;

	taken->count = 0;
	schedule->taken = taken;
	schedule->scheduler->begin(schedule, LANES);
	for (unsigned i = 0; i < TURNS; i++) {
		struct rm_explore_turn turn;

		situation.choices = ALL & ~(1U << (i % 7));
		turn = rm_explore_next_turn(schedule, &situation);
		chosen &= situation.choices >> turn.lane & 1 && turn.steps;
		*never &= ~(1U << turn.lane);
		situation.steps += turn.steps;
		situation.running = turn.lane;
	}
	return chosen;
}

static bool equal(
        const struct rm_explore_turns *a, const struct rm_explore_turns *b)
{
	return a->count == b->count &&
	       !memcmp(a->turn, b->turn, a->count * sizeof(*a->turn));
}

static void choices(const struct rm_explore_scheduler *scheduler)
{
	struct rm_explore_turns one = { NULL, 0, 0 }, two = { NULL, 0, 0 };
	uint32_t never = ALL;

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct rm_explore_schedule schedule = { .scheduler = scheduler,
			.rng = seed,
			.depth = 3,
			.horizon = 500 };
		struct rm_explore_schedule same = schedule;

		if (!play(&schedule, &one, &never) ||
		        !play(&same, &two, &never) || !equal(&one, &two)) {
			CHECK(false, scheduler->name);
			break;
		}
	}
	CHECK(!never,
	        "every lane runs, all choices are valid, and seeds repeat");
	free(one.turn);
	free(two.turn);
}

/* If all lanes are ready and none yields, PCT switches only at changes of
   priorities: at most depth - 1 times. */
static void pct_switches(void)
{
	unsigned most = 0, with_all = 0;

	for (uint64_t seed = 0; seed < 500; seed++) {
		struct rm_explore_schedule schedule = { .scheduler =
			                                        &rm_explore_pct,
			.rng = seed,
			.depth = 4,
			.horizon = 1000 };
		struct rm_explore_situation situation = { .choices = ALL };
		unsigned switches = 0;

		rm_explore_pct.begin(&schedule, LANES);
		while (situation.steps < 2000) {
			struct rm_explore_turn turn =
			        rm_explore_next_turn(&schedule, &situation);

			switches += situation.steps &&
			            turn.lane != situation.running;
			situation.running = turn.lane;
			situation.steps += turn.steps;
		}
		most = switches > most ? switches : most;
		with_all += switches == 3;
	}
	CHECK(most == 3, "depth 4 switches at most three times");
	CHECK(with_all > 100, "many schedules switch three times");
}

enum { STALLED_MOST = 256, OWN_STEPS = 1000 };

/* Lanes end after OWN_STEPS steps each. True if one stalled within its first
   steps until all others had ended. */
static bool one_stands_still(
        const struct rm_explore_scheduler *scheduler, uint64_t seed)
{
	struct rm_explore_schedule schedule = { .scheduler = scheduler,
		.rng = seed };
	struct rm_explore_situation situation = { .choices = ALL };
	uint64_t ran[LANES] = { 0 };

	scheduler->begin(&schedule, LANES);
	while (situation.choices & (situation.choices - 1)) {
		struct rm_explore_turn turn =
		        rm_explore_next_turn(&schedule, &situation);

		situation.running = turn.lane;
		situation.steps += turn.steps;
		ran[turn.lane] += turn.steps;
		if (ran[turn.lane] >= OWN_STEPS)
			situation.choices &= ~(1U << turn.lane);
	}
	return ran[__builtin_ctz(situation.choices)] <= STALLED_MOST;
}

/* All lanes yield forever: they wait for the stalled one. */
static bool all_come_to_an_end(uint64_t seed)
{
	struct rm_explore_schedule schedule = { .scheduler = &rm_explore_stall,
		.rng = seed };
	struct rm_explore_situation situation = { .choices = ALL,
		.yields = true };
	uint64_t ran = 0;

	rm_explore_stall.begin(&schedule, LANES);
	for (unsigned i = 0; i < 100000 && ran < OWN_STEPS; i++) {
		struct rm_explore_turn turn =
		        rm_explore_next_turn(&schedule, &situation);

		situation.running = turn.lane;
		situation.steps += turn.steps;
		if (turn.lane == 1)
			ran += turn.steps;
	}
	return ran >= OWN_STEPS;
}

static void lanes_stand_still(void)
{
	unsigned stalled = 0, drawn = 0, ended = 0, compares = 0, fast = 0;

	for (uint64_t seed = 0; seed < 500; seed++) {
		struct rm_explore_schedule begun = { .rng = seed };
		unsigned steps = 0;

		rm_explore_stall.begin(&begun, LANES);
		for (unsigned i = 0; i < LANES; i++) {
			compares += begun.pace[i].compares;
			steps += begun.pace[i].mean;
		}
		fast += begun.pace[1].mean >= 16 &&
		        steps == begun.pace[1].mean + LANES - 1;
		stalled += one_stands_still(&rm_explore_stall, seed);
		drawn += one_stands_still(&rm_explore_random, seed);
		ended += all_come_to_an_end(seed);
	}
	CHECK(stalled > 150, "a lane stalls until all others have ended");
	CHECK(drawn == 0, "with the random scheduler no lane stalls");
	CHECK(ended == 500, "a stalled lane that others wait for is released");
	CHECK(compares > 100 && fast > 50,
	        "some lanes stall at compare-exchanges, and some are slow");
}

/* Returns the maximum number of steps of other lanes between two turns of one
 * lane. */
static uint64_t longest_gap(uint64_t seed, uint32_t fairness)
{
	struct rm_explore_schedule schedule = {
		.scheduler = &rm_explore_fair, .rng = seed, .fairness = fairness
	};
	struct rm_explore_situation situation = { .choices = ALL };
	uint64_t ran[LANES] = { 0 }, gap = 0;

	rm_explore_fair.begin(&schedule, LANES);
	for (unsigned i = 0; i < TURNS; i++) {
		struct rm_explore_turn turn =
		        rm_explore_next_turn(&schedule, &situation);

		if (situation.steps - ran[turn.lane] > gap)
			gap = situation.steps - ran[turn.lane];
		situation.steps += turn.steps;
		ran[turn.lane] = situation.steps;
	}
	return gap;
}

static void fair_turns(void)
{
	uint64_t few = 0, many = 0;

	for (uint64_t seed = 0; seed < 500; seed++) {
		few += longest_gap(seed, 8) <= 8;
		many = longest_gap(seed, 64) > many ? longest_gap(seed, 64)
		                                    : many;
	}
	CHECK(few == 500, "each lane moves within 8 steps of the others");
	CHECK(many >= 24 && many <= 64, "each lane moves within 64 steps of "
	                                "the others if 64 are allowed");
}

enum {
	TAKES = 6,        /* of the lock, by each lane */
	APART_MOST = 12,  /* steps before a lane tries to take it */
	IDLE_STEPS = 2000 /* without a lock taken */
};

struct contender {
	unsigned apart, at, takes;
};

/* One step in a loop of `period` steps: the first claims the lock, and the
   second takes it unless another lane claimed it in between. */
static bool take_step(struct contender *lane, unsigned number, unsigned *claim,
        unsigned period)
{
	if (lane->apart) {
		lane->apart--;
		return false;
	}
	if (lane->at == 1 && *claim == number) {
		lane->at = 0;
		lane->takes++;
		return true;
	}
	if (lane->at == 0)
		*claim = number;
	lane->at = (lane->at + 1) % period;
	return false;
}

/* True if the lanes overwrite each other's claims forever. */
static bool stays_in_step(uint64_t seed, unsigned period)
{
	struct rm_explore_schedule schedule = {
		.scheduler = &rm_explore_fair, .rng = seed, .fairness = 64
	};
	struct rm_explore_situation situation = { .choices = ALL };
	uint64_t rng = rm_seed(seed, period), taken = 0;
	struct contender lanes[LANES] = { { 0 } };
	unsigned claim = 0;

	rm_explore_fair.begin(&schedule, LANES);
	while (situation.choices && situation.steps - taken < IDLE_STEPS) {
		struct rm_explore_turn turn =
		        rm_explore_next_turn(&schedule, &situation);
		struct contender *lane = &lanes[turn.lane];

		for (; turn.steps && lane->takes < TAKES; turn.steps--) {
			situation.steps++;
			if (!take_step(lane, turn.lane, &claim, period))
				continue;
			lane->apart =
			        (unsigned)rm_below(rm_next(&rng), APART_MOST);
			taken = situation.steps;
		}
		if (lane->takes == TAKES)
			situation.choices &= ~(1U << turn.lane);
	}
	return situation.choices;
}

static void fair_turns_keep_step(void)
{
	unsigned fewest = 1000;

	for (unsigned period = 2; period <= 10; period++) {
		unsigned seeds = 0;

		for (uint64_t seed = 0; seed < 1000; seed++)
			seeds += stays_in_step(seed, period);
		printf("# loop of %u steps: %u of 1000 seeds\n", period, seeds);
		fewest = seeds < fewest ? seeds : fewest;
	}
	CHECK(fewest >= 25, "fair turns keep lanes in step in a loop of any "
	                    "length up to 10");
}

static void list_plays(void)
{
	struct rm_explore_turns taken = { NULL, 0, 0 };
	struct rm_explore_turns again = { NULL, 0, 0 };
	struct rm_explore_schedule drawn = { .scheduler = &rm_explore_random,
		.rng = 5 };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &taken };
	struct rm_explore_situation situation = { .choices = 1U << 2,
		.running = 3 };
	uint32_t never = ALL;

	play(&drawn, &taken, &never);
	play(&listed, &again, &never);
	CHECK(equal(&taken, &again),
	        "a list replays the turns that were taken");
	CHECK(rm_explore_next_turn(&listed, &situation).lane == 2,
	        "after the end of a list any lane that can run is chosen");
	free(taken.turn);
	free(again.turn);
}

int main(void)
{
	choices(&rm_explore_random);
	choices(&rm_explore_pct);
	choices(&rm_explore_stall);
	choices(&rm_explore_fair);
	fair_turns();
	fair_turns_keep_step();
	pct_switches();
	lanes_stand_still();
	list_plays();
	return DONE();
}
