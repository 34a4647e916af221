/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_number.c - tests how a schedule's number determines its program,
   its scheduler and the depth of PCT. No schedule is played; stubs record the
   calls. */
#include "verify/explore/number.c"

#include "runner/base/rng.h"
#include "tests/unit/tap.h"

#include <string.h>

const struct rm_explore_scheduler rm_explore_pct = { .name = "pct" };
const struct rm_explore_scheduler rm_explore_random = { .name = "random" };
const struct rm_explore_scheduler rm_explore_stall = { .name = "stall" };
const struct rm_explore_scheduler rm_explore_fair = { .name = "fair" };
const struct rm_explore_scheduler rm_explore_listed = { .name = "listed" };

static struct rm_explore_schedule last;

/* Arguments of the last calls, and the results to return. */
static struct {
	uint64_t made, limit; /* number of the last program; its step limit */
	unsigned programs, plays, tallied, cleared, measured;
	bool plain;
	const struct rm_explore_program *program;
	struct rm_explore_exhaust all;
	const void *tally, *taken, *played, *error;
	const uint64_t *steps; /* results of the plays, in order */
	size_t listed;         /* turns on the list of the last play */
	int status, fails_at;  /* plays fail from this one on; 0: never */
} stub;

bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number)
{
	return number % 4 == 1 && !options->plain && !options->written;
}

bool rm_explore_is_progress(
        const struct rm_explore_options *options, uint64_t number)
{
	(void)options;
	return number == 2;
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	stub.made = number;
	stub.programs++;
	stub.plain = options->plain;
	stub.program = program;
	program->fillers = 0;
}

int rm_explore_open(struct rm_error *error)
{
	(void)error;
	return 0;
}

void rm_explore_space_add(struct rm_explore_tally *tally,
        const struct rm_explore_options *options, uint64_t number)
{
	(void)options;
	stub.measured += tally == stub.tally && number == stub.made;
}

int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error)
{
	last = *schedule;
	stub.limit = limit;
	stub.listed = schedule->list ? schedule->list->count : SIZE_MAX;
	stub.played = played;
	stub.error = error;
	if (program != stub.program)
		return 1;
	if (stub.steps)
		played->steps = stub.steps[stub.plays];
	stub.plays++;
	return stub.fails_at && stub.plays >= (unsigned)stub.fails_at
	               ? stub.status
	               : 0;
}

int rm_explore_exhaust(const struct rm_explore_program *program,
        const struct rm_explore_exhaust *how, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	if (program != stub.program)
		return 1;
	stub.all = *how;
	stub.tally = tally;
	stub.taken = taken;
	stub.played = played;
	stub.error = error;
	return stub.status;
}

void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played)
{
	stub.tallied++;
	stub.tally = tally;
	stub.played = played;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	stub.cleared++;
	stub.played = played;
}

static void begin(void)
{
	memset(&stub, 0, sizeof(stub));
}

enum { NUMBERS = 64 };

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
		rm_explore_play_number(
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

/* Returns how many of the first schedules use the stall scheduler. */
static unsigned stalling(const struct rm_explore_options *options)
{
	struct rm_explore_tally tally = { 0 };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	unsigned count = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		rm_explore_play_number(
		        options, number, 100, &tally, NULL, &played, NULL);
		count += last.scheduler == &rm_explore_stall;
	}
	return count;
}

static void who_stalls(void)
{
	const struct rm_explore_program_file *written = (const void *)&last;

	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_MIX }) == NUMBERS / 4,
	        "special programs of a mix use the stall scheduler");
	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_MIX, .plain = true }) == 0,
	        "plain programs of a mix do not use the stall scheduler");
	CHECK(stalling(&(struct rm_explore_options){ .policy = RM_EXPLORE_MIX,
	              .plain = true,
	              .written = written }) == NUMBERS / 4,
	        "one in four schedules of a program file uses the stall "
	        "scheduler");
	CHECK(stalling(&(struct rm_explore_options){
	              .policy = RM_EXPLORE_STALL }) == NUMBERS,
	        "all schedules use the stall scheduler if it is requested");
}

static void some_are_fair(void)
{
	const struct rm_explore_options mix = { .policy = RM_EXPLORE_MIX,
		.fairness = 40 };
	unsigned fair = 0;

	for (uint64_t number = 0; number < NUMBERS; number++)
		fair += rm_explore_schedule_make(&mix, number, 1).scheduler ==
		        &rm_explore_fair;
	CHECK(fair == NUMBERS / 16, "one in 16 schedules of a mix is fair");
	CHECK(rm_explore_schedule_make(&mix, 2, 1).fair &&
	                rm_explore_schedule_make(&mix, 2, 1).even &&
	                rm_explore_schedule_make(&mix, 2, 1).fairness == 40 &&
	                !rm_explore_schedule_make(&mix, 18, 1).even,
	        "the schedule of a program about progress is even, too");
	CHECK(rm_explore_schedule_make(&mix, 4, 1).fair &&
	                !rm_explore_schedule_make(&mix, 1, 1).fair &&
	                !rm_explore_schedule_make(&mix, 3, 1).fair,
	        "progress is judged under random turns, not under pct or "
	        "stall");
}

static void horizons_are_calibrated(void)
{
	static const uint64_t steps[] = { 7, 30, 200, 9, 12, 100, 3, 40 };
	static const uint64_t none[8] = { 0 };
	const struct rm_explore_options options = {
		.policy = RM_EXPLORE_MIX, .steps = 5000, .seed = 1
	};
	struct rm_error error;
	uint64_t horizon = 99;

	begin();
	stub.steps = steps;
	CHECK(rm_explore_calibrate(&options, &horizon, &error) == 0 &&
	                horizon == 200,
	        "the horizon is the number of steps of the longest play");
	CHECK(stub.programs == 8 && stub.plays == 8 && stub.made == 7 &&
	                stub.plain && stub.limit == 5000 &&
	                stub.error == &error,
	        "the first eight programs are played, all plain");
	CHECK(last.scheduler == &rm_explore_listed && stub.listed == 0,
	        "the threads of these programs run in sequence");
	CHECK(stub.cleared == 1, "the result of the play is freed");
	begin();
	stub.steps = none;
	rm_explore_calibrate(&options, &horizon, &error);
	CHECK(horizon == 1, "the horizon is at least one step");
	begin();
	stub.fails_at = 3;
	stub.status = -5;
	CHECK(rm_explore_calibrate(&options, &horizon, &error) == -5 &&
	                stub.plays == 3 && stub.cleared == 1,
	        "if a play cannot run, the estimate ends with its error");
}

static void growth_is_sought(void)
{
	struct rm_impl impl = { .id = "map" };
	struct rm_explore_options options = { .impl = &impl, .shapes = 1 };

	begin();
	last.list = NULL;
	rm_explore_find_growth(&options, NULL);
	CHECK(last.list && !last.list->count,
	        "keys are inserted without other threads");
	last.list = NULL;
	impl.caps = RM_CAP_FIXED_SIZE;
	CHECK(!rm_explore_find_growth(&options, NULL) && !last.list,
	        "but not into a map of fixed size");
}

static void a_schedule_has_its_number(void)
{
	const struct rm_explore_options options = {
		.policy = RM_EXPLORE_PCT, .steps = 5000, .seed = 17
	};
	struct rm_explore_tally tally = { .schedules = 4 };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_turns taken = { .count = 9 };
	struct rm_error error;
	int status;

	begin();
	status = rm_explore_play_number(
	        &options, 6, 321, &tally, &taken, &played, &error);
	CHECK(status == 0 && stub.made == 6 && stub.programs == 1 &&
	                !stub.plain && stub.limit == 5000 &&
	                stub.played == &played && stub.error == &error,
	        "a number selects its program, with the step limit");
	CHECK(last.rng == rm_seed(17, 13) && last.horizon == 321 &&
	                last.depth == 1 + 6 % RM_EXPLORE_DEPTH_MAX,
	        "a number selects its random numbers, depth and horizon");
	CHECK(last.taken == &taken && taken.count == 0,
	        "the turns of a play are recorded from the start");
	CHECK(stub.tallied == 1 && stub.tally == &tally && tally.schedules == 5,
	        "a play is added to the tally");
	CHECK(stub.measured == 1, "a play is measured");
	stub.fails_at = 1;
	stub.status = -12;
	CHECK(rm_explore_play_number(
	              &options, 7, 321, &tally, NULL, &played, &error) == -12 &&
	                !last.taken && last.rng == rm_seed(17, 15) &&
	                stub.measured == 1,
	        "recording turns is optional, and errors are returned");
}

static void exhausted_numbers_are_programs(void)
{
	const struct rm_explore_options options = {
		.policy = RM_EXPLORE_EXHAUSTIVE,
		.steps = 5000,
		.schedules = 77,
		.preemptions = 3,
	};
	struct rm_explore_tally tally = { 0 };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_turns taken = { .count = 9 };
	struct rm_error error;

	begin();
	stub.status = -3;
	CHECK(rm_explore_play_number(
	              &options, 5, 1, &tally, &taken, &played, &error) == -3 &&
	                stub.made == 5 && stub.plays == 0,
	        "with the exhaustive scheduler a number is a program");
	CHECK(stub.all.preemptions == 3 && stub.all.most == 77 &&
	                stub.all.limit == 5000 && !stub.all.unreduced &&
	                stub.tally == &tally && stub.taken == &taken &&
	                stub.played == &played && stub.error == &error,
	        "the exhaustive scheduler gets all options");
}

int main(void)
{
	unsigned of[RM_EXPLORE_DEPTH_MAX + 1];

	count_depths(RM_EXPLORE_PCT, 0, of);
	CHECK(each_is(of, NUMBERS / RM_EXPLORE_DEPTH_MAX),
	        "pct cycles through the depths");
	count_depths(RM_EXPLORE_MIX, 0, of);
	CHECK(each_is(of, NUMBERS / 4 / RM_EXPLORE_DEPTH_MAX),
	        "each fourth schedule of a mix cycles through the depths of "
	        "pct");
	count_depths(RM_EXPLORE_MIX, 2, of);
	CHECK(of[2] == NUMBERS / 4,
	        "if a depth is requested, pct uses no other");
	count_depths(RM_EXPLORE_RANDOM, 0, of);
	CHECK(each_is(of, 0) && last.scheduler == &rm_explore_random,
	        "random does not use PCT");
	rm_explore_play_number(
	        &(struct rm_explore_options){ .policy = RM_EXPLORE_MIX }, 4,
	        100, &(struct rm_explore_tally){ 0 }, NULL,
	        &(struct rm_explore_played){ .fault = RM_EXPLORE_NOTHING },
	        NULL);
	CHECK(last.scheduler == &rm_explore_random,
	        "other schedules of a mix are random");
	who_stalls();
	some_are_fair();
	horizons_are_calibrated();
	growth_is_sought();
	a_schedule_has_its_number();
	exhausted_numbers_are_programs();
	return DONE();
}
