/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - three schedulers: random, PCT, and one that replays a list.
 *
 * Random turns find bugs fastest when they are about as long as the bug's
 * window, so the mean length differs between schedules. PCT (Burckhardt,
 * Kothari, Musuvathi, Nagarakatte, ASPLOS 2010) runs the lane of highest
 * priority, and lowers the priority of the running lane at d - 1 random steps.
 * So a stall of any length is equally likely.
 */
#include "verify/explore/schedule.h"

#include "runner/base/rng.h"

#include <stdlib.h>

enum {
	/* Number of steps in a turn without a set end, so that waiting lanes
	   still get turns. */
	ENDLESS = 10000,
	LONGEST_MEAN_LOG = 6, /* turns of 1, 2, 4 ... 32 steps on average */
	/* one of 1, 2, 4 or 8 loads may read an old store */
	LONGEST_ODDS_LOG = 4,
	/* distance between the priorities of lanes, so that a buffer fits
	   between them */
	GAP = 2,
};

static void random_begin(struct rm_explore_schedule *schedule, unsigned lanes)
{
	(void)lanes;
	schedule->mean = 1U
	                 << rm_below(rm_next(&schedule->rng), LONGEST_MEAN_LOG);
}

/* Returns the n-th set bit. */
static uint32_t pick(uint32_t bits, uint64_t n)
{
	while (n--)
		bits &= bits - 1;
	return (uint32_t)__builtin_ctz(bits);
}

static struct rm_explore_turn random_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	uint64_t x = rm_next(&schedule->rng);
	unsigned choices = (unsigned)__builtin_popcount(situation->choices);

	/* rm_below() uses the high bits; the low half is nearly
	   independent */
	return (struct rm_explore_turn){
		.lane = pick(situation->choices, rm_below(x, choices)),
		.steps =
		        1 + (uint32_t)rm_below(x << 32, 2 * schedule->mean - 1),
	};
}

/* The share of loads that read older stores differs between schedules. The age
   of the store is uniform over the valid range. */
uint32_t rm_explore_draw_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last)
{
	uint64_t x = rm_next(&schedule->rng);

	(void)last;
	if (!schedule->odds)
		schedule->odds = 1U << rm_below(rm_next(&schedule->rng),
		                         LONGEST_ODDS_LOG);
	return rm_below(x, schedule->odds)
	               ? 0
	               : (uint32_t)rm_below(x << 32, most + UINT64_C(1));
}

const struct rm_explore_scheduler rm_explore_random = { .name = "random",
	.begin = random_begin,
	.next = random_next,
	.back = rm_explore_draw_back };

static void pct_begin(struct rm_explore_schedule *schedule, unsigned lanes)
{
	schedule->lowest = 0;
	schedule->changed = 0;
	schedule->ranked = 0;
	schedule->lanes = lanes;
	for (unsigned i = 0; i < lanes; i++) {
		unsigned j = (unsigned)rm_below(rm_next(&schedule->rng), i + 1);

		/* an inside-out shuffle */
		schedule->priority[i] = schedule->priority[j];
		schedule->priority[j] = GAP * (i + 1);
	}
	for (unsigned i = 0; i + 1 < schedule->depth; i++) {
		uint64_t at = 1 + rm_below(rm_next(&schedule->rng),
		                          schedule->horizon);
		unsigned k = i;

		for (; k && schedule->change[k - 1] > at; k--)
			schedule->change[k] = schedule->change[k - 1];
		schedule->change[k] = at;
	}
}

/* A buffer gets a priority between two lanes when it receives its first store,
   so schedules without buffers draw no random numbers for buffers. */
static void rank_buffers(struct rm_explore_schedule *schedule, uint32_t choices)
{
	uint32_t bits = choices >> RM_EXPLORE_BUFFERS_AT &
	                ~(schedule->ranked >> RM_EXPLORE_BUFFERS_AT);

	for (; bits; bits &= bits - 1) {
		unsigned i =
		        RM_EXPLORE_BUFFERS_AT + (unsigned)__builtin_ctz(bits);

		schedule->priority[i] =
		        1 + GAP * (int64_t)rm_below(rm_next(&schedule->rng),
		                          schedule->lanes + UINT64_C(1));
		schedule->ranked |= 1U << i;
	}
}

static struct rm_explore_turn pct_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	struct rm_explore_turn turn = { .steps = ENDLESS };
	uint32_t bits = situation->choices;
	bool lower = situation->yields;

	rank_buffers(schedule, bits);
	for (; schedule->changed + 1 < schedule->depth &&
	        schedule->change[schedule->changed] <= situation->steps;
	        schedule->changed++)
		lower = true;
	if (lower)
		schedule->priority[situation->running] = --schedule->lowest;
	turn.lane = (uint32_t)__builtin_ctz(bits);
	for (; bits; bits &= bits - 1) {
		uint32_t lane = (uint32_t)__builtin_ctz(bits);

		if (schedule->priority[lane] > schedule->priority[turn.lane])
			turn.lane = lane;
	}
	if (schedule->changed + 1 < schedule->depth) {
		uint64_t until =
		        schedule->change[schedule->changed] - situation->steps;

		if (until < turn.steps)
			turn.steps = (uint32_t)until;
	}
	return turn;
}

const struct rm_explore_scheduler rm_explore_pct = { .name = "pct",
	.begin = pct_begin,
	.next = pct_next,
	.back = rm_explore_draw_back,
	.at_once = true };

static void listed_begin(struct rm_explore_schedule *schedule, unsigned lanes)
{
	(void)lanes;
	schedule->at = 0;
	schedule->back = 0;
}

/* Skips turns of lanes that cannot run. After the last turn, lanes run in
   sequence. */
static struct rm_explore_turn listed_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	while (schedule->at < schedule->list->count) {
		struct rm_explore_turn turn =
		        schedule->list->turn[schedule->at++];

		schedule->back = turn.back;
		if (situation->choices & 1U << turn.lane)
			return turn;
	}
	schedule->back = 0;
	if (situation->choices & 1U << situation->running)
		return (struct rm_explore_turn){ .lane = situation->running,
			.steps = ENDLESS };
	return (struct rm_explore_turn){ .lane = (uint32_t)__builtin_ctz(
		                                 situation->choices),
		.steps = ENDLESS };
}

static uint32_t listed_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last)
{
	if (!last)
		return 0;
	return schedule->back < most ? schedule->back : most;
}

const struct rm_explore_scheduler rm_explore_listed = { .name = "listed",
	.begin = listed_begin,
	.next = listed_next,
	.back = listed_back };

static bool record_turn(
        struct rm_explore_turns *turns, struct rm_explore_turn turn)
{
	if (turns->count == turns->room) {
		size_t room = turns->room ? 2 * turns->room : 256;
		struct rm_explore_turn *more =
		        realloc(turns->turn, room * sizeof(*more));

		if (!more)
			return false;
		turns->turn = more;
		turns->room = room;
	}
	turns->turn[turns->count++] = turn;
	return true;
}

struct rm_explore_turn rm_explore_next_turn(
        struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	struct rm_explore_turn turn =
	        schedule->scheduler->next(schedule, situation);

	turn.back = 0; /* the turn ends when a load reads an older store */
	if (schedule->taken && !record_turn(schedule->taken, turn))
		turn.steps = 0;
	return turn;
}

uint32_t rm_explore_choose_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last)
{
	uint32_t back =
	        schedule->scheduler->back
	                ? schedule->scheduler->back(schedule, most, last)
	                : 0;

	if (back && schedule->taken)
		schedule->taken->turn[schedule->taken->count - 1].back = back;
	return back;
}

void rm_explore_record_steps(
        struct rm_explore_schedule *schedule, uint32_t steps)
{
	if (schedule->taken && schedule->taken->count)
		schedule->taken->turn[schedule->taken->count - 1].steps = steps;
}
