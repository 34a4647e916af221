/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_number.c - what a schedule's number decides: its scheduler and
   the depth of PCT. Nothing is played; the schedule that would be is looked
   at. */
#include "runner/sim/explore/number.c"

#include "tests/unit/tap.h"

#include <string.h>

const struct rm_explore_scheduler rm_explore_pct = { .name = "pct" };
const struct rm_explore_scheduler rm_explore_random = { .name = "random" };
const struct rm_explore_scheduler rm_explore_stall = { .name = "stall" };
const struct rm_explore_scheduler rm_explore_listed = { .name = "listed" };

static struct rm_explore_schedule last;

bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number)
{
	return number % 4 == 1 && !options->plain && !options->written;
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	(void)options, (void)number, (void)program;
}

int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error)
{
	(void)program, (void)limit, (void)played, (void)error;
	last = *schedule;
	return 0;
}

int rm_explore_exhaust(const struct rm_explore_program *program,
        const struct rm_explore_exhaust *how, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	(void)program, (void)how, (void)tally, (void)taken, (void)played,
	        (void)error;
	return 0;
}

void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played)
{
	(void)tally, (void)played;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	(void)played;
}

enum { NUMBERS = 64 };

/* How many of the first numbers have PCT of each depth. */
static void count_depths(enum rm_explore_policy policy, unsigned depth,
        unsigned of[RM_EXPLORE_DEPTH_MAX + 1])
{
	const struct rm_explore_options options = {
		.policy = policy, .depth = depth, .seed = 1
	};
	struct rm_explore_tally tally = { 0 };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };

	memset(of, 0, (RM_EXPLORE_DEPTH_MAX + 1) * sizeof(*of));
	for (uint64_t number = 0; number < NUMBERS; number++) {
		rm_explore_number(
		        &options, number, 100, &tally, NULL, &played, NULL);
		if (last.scheduler == &rm_explore_pct)
			of[last.depth]++;
	}
}

static bool each_is(const unsigned of[RM_EXPLORE_DEPTH_MAX + 1], unsigned count)
{
	bool all = of[0] == 0;

	for (unsigned d = 1; d <= RM_EXPLORE_DEPTH_MAX; d++)
		all &= of[d] == count;
	return all;
}

/* How many of the first numbers have the scheduler that stalls. */
static unsigned stalling(const struct rm_explore_options *options)
{
	struct rm_explore_tally tally = { 0 };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	unsigned count = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		rm_explore_number(
		        options, number, 100, &tally, NULL, &played, NULL);
		count += last.scheduler == &rm_explore_stall;
		if (rm_explore_stalls(options, number) !=
		        (last.scheduler == &rm_explore_stall))
			return NUMBERS + 1;
	}
	return count;
}

static void who_stalls(void)
{
	const struct rm_explore_written *written = (const void *)&last;

	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_MIX }) == NUMBERS / 4,
	        "special programs of a mix have threads that stand still");
	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_MIX, .plain = true }) == 0,
	        "plain ones have not");
	CHECK(stalling(&(struct rm_explore_options){ .policy = RM_EXPLORE_MIX,
	              .plain = true,
	              .written = written }) == NUMBERS / 4,
	        "one that was written has, each fourth time");
	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_STALL }) == NUMBERS,
	        "and all have it where it is asked for");
}

int main(void)
{
	unsigned of[RM_EXPLORE_DEPTH_MAX + 1];

	count_depths(RM_EXPLORE_PCT, 0, of);
	CHECK(each_is(of, NUMBERS / RM_EXPLORE_DEPTH_MAX),
	        "pct has each depth in turn");
	count_depths(RM_EXPLORE_MIX, 0, of);
	CHECK(each_is(of, NUMBERS / 4 / RM_EXPLORE_DEPTH_MAX),
	        "so has each fourth schedule of a mix");
	count_depths(RM_EXPLORE_MIX, 2, of);
	CHECK(of[2] == NUMBERS / 4,
	        "a depth that was asked for is all there is");
	count_depths(RM_EXPLORE_RANDOM, 0, of);
	CHECK(each_is(of, 0), "random has no PCT");
	who_stalls();
	return DONE();
}
