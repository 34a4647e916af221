/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_shrink.c - tests that a finding made smaller keeps the parts
   that it needs and no other. A stub determines which programs and turns
   fail. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "verify/explore/shrink.c"

#include "tests/unit/tap.h"

const struct rm_explore_scheduler rm_explore_pct = { .name = "pct" };
const struct rm_explore_scheduler rm_explore_random = { .name = "random" };
const struct rm_explore_scheduler rm_explore_stall = { .name = "stall" };
const struct rm_explore_scheduler rm_explore_fair = { .name = "fair" };
const struct rm_explore_scheduler rm_explore_listed = { .name = "listed" };

enum { SEED = 5, HORIZON = 300, LIMIT = 777, STEPS = 11 };

/* How plays end, and records of the plays. */
static struct {
	bool (*fails)(const struct rm_explore_program *program,
	        const struct rm_explore_schedule *schedule);
	/* the end of a play that does not fail as required */
	enum rm_explore_fault otherwise;
	uint64_t steps; /* steps of each play */
	int status;
	/* tried: number of plays since the last list */
	unsigned plays, of[4], depths, tried;
	bool right;
	unsigned cleared;
} play;

static unsigned switches_of(const struct rm_explore_turns *turns)
{
	unsigned switches = 0;

	for (size_t i = 1; i < turns->count; i++)
		switches += turns->turn[i].lane != turns->turn[i - 1].lane;
	return switches;
}

static void write_down(struct rm_explore_turns *taken,
        const struct rm_explore_turn *turn, size_t count)
{
	taken->turn = malloc((count + 1) * sizeof(*turn));
	taken->count = 0;
	taken->room = count + 1;
	if (count)
		memcpy(taken->turn, turn, count * sizeof(*turn));
	taken->count = count;
}

/* If the schedule is a list, takes its turns; otherwise one turn each of lanes
 * 1 and 2. */
int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error)
{
	static const struct rm_explore_turn drawn[] = { { 1, 5, 0 },
		{ 2, 5, 0 } };
	const bool listed = schedule->scheduler == &rm_explore_listed;

	(void)error;
	play.right &= limit == LIMIT && schedule->taken &&
	              !schedule->taken->count &&
	              (listed ? schedule->list != NULL
	                      : schedule->horizon == HORIZON &&
	                                      schedule->depth >= 1 &&
	                                      schedule->depth <=
	                                              RM_EXPLORE_DEPTH_MAX);
	play.of[listed                                      ? 0
	        : schedule->scheduler == &rm_explore_random ? 1
	        : schedule->scheduler == &rm_explore_pct    ? 2
	                                                    : 3]++;
	play.tried = listed ? 0 : play.tried + 1;
	if (!listed) {
		play.depths |= 1U << schedule->depth;
		play.right &= schedule->rng == rm_seed(SEED, play.tried - 1);
	}
	play.plays++;
	played->fault = play.fails(program, schedule) ? RM_EXPLORE_RACE
	                                              : play.otherwise;
	played->steps = play.steps;
	if (listed)
		write_down(schedule->taken, schedule->list->turn,
		        schedule->list->count);
	else
		write_down(schedule->taken, drawn, 2);
	played->switches = switches_of(schedule->taken);
	return play.status;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	(void)played;
	play.cleared++;
}

/* Three threads with four operations each on keys 0 .. 3, and five turns. */
static struct rm_explore_case big(void)
{
	static const struct rm_explore_turn turns[] = { { 1, 2, 0 },
		{ 2, 3, 0 }, { 1, 1, 0 }, { 3, 2, 0 }, { 2, 9, 0 } };
	struct rm_explore_case failing = { .fault = RM_EXPLORE_RACE,
		.seed = SEED,
		.horizon = HORIZON,
		.limit = LIMIT };
	struct rm_explore_program *program = &failing.program;

	program->threads = 3;
	program->keys = 4;
	program->resident = 0xf;
	for (unsigned t = 0; t < 3; t++)
		for (unsigned i = 0; i < 4; i++)
			program->op[t][program->ops[t]++] =
			        (struct rm_explore_op){
				        .kind = (uint8_t)(4 * t + i),
				        .key = (uint8_t)i,
				        .times = t ? 20 : 2
			        };
	write_down(&failing.turns, turns, 5);
	failing.switches = switches_of(&failing.turns);
	memset(&play, 0, sizeof(play));
	play.right = true;
	play.steps = STEPS;
	return failing;
}

/* True if thread `t` has this operation, at least `times` times. */
static bool has(const struct rm_explore_program *program, unsigned t,
        unsigned kind, unsigned times)
{
	for (unsigned i = 0; i < program->ops[t]; i++)
		if (program->op[t][i].kind == kind)
			return program->op[t][i].key == kind % 4 &&
			       rm_explore_times(&program->op[t][i]) >= times;
	return false;
}

/* Fails, under any schedule, if thread 0's second operation, three repeats of
   thread 2's last one, and key 2 at the start are present. */
static bool two_operations(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)schedule;
	return has(program, 0, 1, 1) && has(program, 2, 11, 3) &&
	       program->resident & 4;
}

static bool is_small(const struct rm_explore_program *program)
{
	return program->threads == 3 && program->ops[0] == 1 &&
	       program->ops[1] == 0 && program->ops[2] == 1 &&
	       program->op[0][0].kind == 1 && program->op[0][0].key == 1 &&
	       rm_explore_times(&program->op[0][0]) == 1 &&
	       program->op[2][0].kind == 11 && program->op[2][0].key == 3 &&
	       program->op[2][0].times == 3 && program->resident == 4;
}

static void what_is_not_needed_goes(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = two_operations;
	CHECK(rm_explore_shrink(&failing, &error) == 0, "shrinking succeeds");
	CHECK(is_small(&failing.program),
	        "operations, repeats and keys that are not needed are removed");
	CHECK(failing.switches == 0 && switches_of(&failing.turns) == 0,
	        "switches that are not needed are removed");
	CHECK(failing.fault == RM_EXPLORE_RACE && play.right,
	        "plays have the case's limit and horizon");
	/* the last play must be of the result */
	CHECK(failing.plays + 1 == play.plays &&
	                failing.steps == failing.plays * STEPS,
	        "plays and steps are counted");
	CHECK(play.of[3] == 0 && play.of[1] && play.of[2] &&
	                play.depths == 0x1e,
	        "random and pct of each depth were tried, but not stall");
	CHECK(play.cleared == play.plays, "each result is freed");
	rm_explore_turns_clear(&failing.turns);
	CHECK(heap_held == 0 && !failing.turns.turn && !failing.turns.count &&
	                !failing.turns.room,
	        "all turns are freed");
}

static bool never(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)program, (void)schedule;
	return false;
}

static void other_faults_do_not_count(void)
{
	struct rm_explore_case failing = big();
	const struct rm_explore_case before = failing;
	struct rm_error error;

	play.fails = never;
	play.otherwise = RM_EXPLORE_LEAK;
	rm_explore_shrink(&failing, &error);
	CHECK(!memcmp(&failing.program, &before.program,
	              sizeof(before.program)) &&
	                failing.switches == before.switches &&
	                failing.turns.count == 5,
	        "a different failure does not count");
	/* 3 threads, 12 operations, 3 x 12 repeats and 4 keys, each under the
	   known turns and 200 other schedules; 4 turns with another lane, each
	   twice; and the last play */
	CHECK(play.plays == (3 + 12 + 36 + 4) * 201 + 4 * 2 + 1,
	        "each candidate is tried under 200 schedules of its own");
	CHECK(play.right && play.of[1] == play.of[2] && play.of[3] == 0,
	        "half of the schedules of a candidate are random, half pct");
	rm_explore_turns_clear(&failing.turns);
	failing = big();
	failing.under.scheduler = &rm_explore_stall;
	play.fails = never;
	play.otherwise = RM_EXPLORE_LEAK;
	rm_explore_shrink(&failing, &error);
	CHECK(play.right && play.of[1] == play.of[3] &&
	                play.of[2] == 2 * play.of[3],
	        "a quarter use stall if lanes stalled in the case");
	rm_explore_turns_clear(&failing.turns);
}

/* Fails if thread 1 is complete or empty, thread 2 is complete, and its first
   operation has 20, 10 or 5 repeats. */
static bool in_steps(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	const uint32_t times = program->op[2][0].times;

	(void)schedule;
	return (program->ops[1] == 0 || program->ops[1] == 4) &&
	       program->ops[2] == 4 &&
	       (times == 20 || times == 10 || times == 5);
}

static void some_goes_only_as_a_whole(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = in_steps;
	rm_explore_shrink(&failing, &error);
	CHECK(failing.program.ops[1] == 0, "a thread is removed as a whole");
	CHECK(failing.program.op[2][0].times == 5, "repeats are halved");
	rm_explore_turns_clear(&failing.turns);
}

/* Needs thread 1 while thread 2 repeats its last operation. */
static bool one_after_the_other(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)schedule;
	return has(program, 2, 11, 1) &&
	       (has(program, 1, 5, 1) || !has(program, 2, 11, 2));
}

static void it_is_tried_again(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	failing.program.resident = failing.program.ops[0] = 0;
	failing.program.op[1][0] = failing.program.op[1][1];
	failing.program.op[2][0] = failing.program.op[2][3];
	failing.program.op[1][0].times = 0;
	failing.program.ops[1] = failing.program.ops[2] = 1;
	play.fails = one_after_the_other;
	rm_explore_shrink(&failing, &error);
	CHECK(failing.program.ops[1] == 0 && failing.program.ops[2] == 1 &&
	                rm_explore_times(&failing.program.op[2][0]) == 1,
	        "what could not be removed at first is tried again");
	rm_explore_turns_clear(&failing.turns);
}

static bool where_they_stall(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)program;
	return schedule->scheduler == &rm_explore_stall;
}

static void threads_may_stand_still(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	failing.under.scheduler = &rm_explore_stall;
	play.fails = where_they_stall;
	rm_explore_shrink(&failing, &error);
	CHECK(play.of[3] && failing.program.ops[0] == 0 &&
	                failing.program.ops[1] == 0 &&
	                failing.program.ops[2] == 0 &&
	                failing.program.resident == 0,
	        "if lanes stalled, the stall scheduler is tried");
	CHECK(failing.turns.count == 2 && failing.switches == 1,
	        "the turns are those under which it failed");
	rm_explore_turns_clear(&failing.turns);
}

static void errors_are_no_failures(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = two_operations;
	play.status = -12;
	CHECK(rm_explore_shrink(&failing, &error) == -12 &&
	                failing.program.ops[1] == 4,
	        "a play with an error is not a failure, and the last one's "
	        "error "
	        "is returned");
	rm_explore_turns_clear(&failing.turns);
}

static void long_ones_are_given_up(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = two_operations;
	play.steps = UINT64_C(100000001);
	rm_explore_shrink(&failing, &error);
	/* the second play exceeds 2 x 10^8 steps in total */
	CHECK(play.plays == 2 + 1, "the longest programs are played few times");
	rm_explore_turns_clear(&failing.turns);
}

/* Needs lanes 1, 2 and 3 to run in this order. */
static bool needs_two_switches(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	const struct rm_explore_turns *list = schedule->list;
	unsigned seen = 0;

	(void)program;
	if (schedule->scheduler != &rm_explore_listed)
		return false;
	for (size_t i = 0; i < list->count; i++)
		seen += list->turn[i].lane == seen + 1;
	return seen == 3;
}

static void switches_that_are_needed_stay(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = needs_two_switches;
	CHECK(failing.switches == 4, "the case has four switches");
	rm_explore_shrink(&failing, &error);
	CHECK(failing.switches == 2 && failing.turns.count == 5 &&
	                failing.turns.turn[0].lane == 1 &&
	                failing.turns.turn[4].lane == 3,
	        "the two necessary switches remain");
	CHECK(failing.turns.turn[2].steps == 1 &&
	                failing.turns.turn[4].steps == 9,
	        "turns keep their lengths");
	rm_explore_turns_clear(&failing.turns);
}

static bool lanes_are(const struct rm_explore_turns *list, uint32_t lanes)
{
	for (size_t i = list->count; i-- > 0; lanes /= 10)
		if (list->turn[i].lane != lanes % 10)
			return false;
	return lanes == 0;
}

/* The last switch must be removed before the first one can be. */
static bool in_two_passes(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)program;
	return schedule->scheduler == &rm_explore_listed &&
	       (lanes_are(schedule->list, 1231) ||
	               lanes_are(schedule->list, 1233) ||
	               lanes_are(schedule->list, 1133));
}

static bool with_one_switch(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)program;
	return schedule->scheduler == &rm_explore_listed &&
	       switches_of(schedule->list) == 1;
}

static void fewer_switches_are_fewer(void)
{
	static const struct rm_explore_turn turns[] = { { 1, 1, 0 },
		{ 2, 1, 0 }, { 3, 1, 0 }, { 1, 1, 0 } };
	static const struct rm_explore_turn one[] = { { 1, 1, 0 }, { 2, 1, 0 },
		{ 2, 1, 0 } };
	struct rm_explore_case failing = big();
	struct rm_error error;

	rm_explore_turns_clear(&failing.turns);
	write_down(&failing.turns, turns, 4);
	failing.switches = 3;
	play.fails = in_two_passes;
	rm_explore_shrink(&failing, &error);
	CHECK(lanes_are(&failing.turns, 1133) && failing.switches == 1,
	        "switches are tried again after others were removed");
	rm_explore_turns_clear(&failing.turns);
	failing = big();
	rm_explore_turns_clear(&failing.turns);
	write_down(&failing.turns, one, 3);
	failing.switches = 1;
	play.fails = with_one_switch;
	rm_explore_shrink(&failing, &error);
	CHECK(lanes_are(&failing.turns, 122),
	        "other turns with as many switches are not accepted");
	rm_explore_turns_clear(&failing.turns);
}

/* Fails if lane 1 continues for long, which saves one switch. */
static bool when_it_goes_on(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)program;
	return schedule->scheduler == &rm_explore_listed &&
	       schedule->list->turn[1].lane == 1 &&
	       schedule->list->turn[1].steps > 1000;
}

static void a_lane_may_go_on_for_longer(void)
{
	struct rm_explore_case failing = big();
	struct rm_error error;

	play.fails = when_it_goes_on;
	rm_explore_shrink(&failing, &error);
	CHECK(failing.turns.turn[1].steps == 100000 &&
	                failing.turns.turn[1].lane == 1,
	        "a lane that continues may continue for long");
	rm_explore_turns_clear(&failing.turns);
}

/* Under a memory model: lane 2 must read a store at least two stores old, and
   then lane 1's buffer (9) must drain. */
static bool of_memory(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	const struct rm_explore_turns *list = schedule->list;
	bool looked = false, left = false;

	(void)program;
	if (schedule->scheduler != &rm_explore_listed)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		looked |= list->turn[i].lane == 2 && list->turn[i].back >= 2;
		left |= list->turn[i].lane == 9 && looked;
	}
	return left && switches_of(list) >= 3;
}

static void memory_is_made_smaller(enum rm_explore_memory memory)
{
	static const struct rm_explore_turn turns[] = { { 9, 1, 0 },
		{ 2, 3, 5 }, { 9, 1, 0 }, { 1, 1, 1 } };
	struct rm_explore_case failing = big();
	struct rm_error error;

	rm_explore_turns_clear(&failing.turns);
	write_down(&failing.turns, turns, 4);
	failing.switches = 3;
	failing.program.memory = memory;
	play.fails = of_memory;
	rm_explore_shrink(&failing, &error);
	if (memory)
		CHECK(failing.turns.turn[1].back == 2 &&
		                failing.turns.turn[3].back == 0,
		        "loads read the newest store possible");
	else
		CHECK(failing.turns.turn[1].back == 5 &&
		                failing.turns.turn[3].back == 1 &&
		                failing.turns.count == 4,
		        "without a memory model turns keep their `back`");
	rm_explore_turns_clear(&failing.turns);
}

static bool late_buffers(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	const struct rm_explore_turns *list = schedule->list;

	(void)program;
	if (schedule->scheduler != &rm_explore_listed)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (list->turn[i].lane == 10)
			return list->count > i + 1 &&
			       list->turn[i + 1].lane == 3;
	return false;
}

static void stores_leave_when_they_must(void)
{
	static const struct rm_explore_turn turns[] = { { 9, 1, 0 },
		{ 2, 3, 0 }, { 10, 1, 0 }, { 3, 1, 0 }, { 2, 1, 0 },
		{ 8, 1, 0 } };
	struct rm_explore_case failing = big();
	struct rm_error error;

	rm_explore_turns_clear(&failing.turns);
	write_down(&failing.turns, turns, 6);
	failing.program.memory = RM_EXPLORE_TSO;
	failing.switches = 5;
	play.fails = late_buffers;
	rm_explore_shrink(&failing, &error);
	bool only_one = true;

	for (size_t i = 0; i < failing.turns.count; i++)
		only_one &=
		        failing.turns.turn[i].lane < RM_EXPLORE_BUFFERS_AT ||
		        failing.turns.turn[i].lane == 10;
	CHECK(only_one && failing.turns.count < 6,
	        "stores leave their buffers only when they must");
	rm_explore_turns_clear(&failing.turns);
	CHECK(heap_held == 0, "no turns are leaked");
}

/* When the first turn no longer reads an older store, the last one need not do
 * so either. */
static bool first_then_last(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	const struct rm_explore_turns *list = schedule->list;

	(void)program;
	return schedule->scheduler == &rm_explore_listed && list->count == 3 &&
	       switches_of(list) == 2 &&
	       (list->turn[0].back == 0 || list->turn[2].back == 4);
}

static void memory_is_tried_again(void)
{
	static const struct rm_explore_turn turns[] = { { 1, 1, 2 },
		{ 2, 3, 0 }, { 3, 1, 4 } };
	struct rm_explore_case failing = big();
	struct rm_error error;

	rm_explore_turns_clear(&failing.turns);
	write_down(&failing.turns, turns, 3);
	failing.switches = 2;
	failing.program.memory = RM_EXPLORE_C11;
	play.fails = first_then_last;
	rm_explore_shrink(&failing, &error);
	CHECK(failing.turns.turn[0].back == 0 &&
	                failing.turns.turn[2].back == 0,
	        "a load is tried again after another reads a newer store");
	rm_explore_turns_clear(&failing.turns);
}

/* A program of maximum size, of which nothing can be removed. */
static void plays_are_bounded(void)
{
	struct rm_explore_case failing = big();
	struct rm_explore_program *program = &failing.program;
	struct rm_error error;

	program->threads = RM_EXPLORE_THREADS_MAX;
	program->keys = RM_EXPLORE_KEYS_MAX;
	program->resident = (1U << RM_EXPLORE_KEYS_MAX) - 1;
	for (unsigned t = 0; t < program->threads; t++) {
		program->ops[t] = RM_EXPLORE_OPS_MAX;
		for (unsigned i = 0; i < RM_EXPLORE_OPS_MAX; i++)
			program->op[t][i].times = 20;
	}
	play.fails = never;
	rm_explore_shrink(&failing, &error);
	CHECK(play.plays >= 20000 && play.plays < 20500,
	        "after 20,000 plays, each candidate is played only once");
	rm_explore_turns_clear(&failing.turns);
}

static void what_was_taken_is_kept(void)
{
	struct rm_explore_case failing = big();
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_error error;

	play.fails = two_operations;
	failing.switches = 99;
	CHECK(rm_explore_case_play(&failing, &played, &error) == 0 &&
	                played.fault == RM_EXPLORE_RACE &&
	                failing.switches == 4 && failing.turns.count == 5 &&
	                play.of[0] == 1 && play.plays == 1,
	        "a case is played under its turns, and keeps those taken");
	rm_explore_turns_clear(&failing.turns);
	CHECK(heap_held == 0, "the old turns are freed");
}

static bool needs_half(const struct rm_explore_program *program,
        const struct rm_explore_schedule *schedule)
{
	(void)schedule;
	return program->fillers + 4 == 32 || program->fillers + 4 >= 64;
}

/* All four keys are needed together with fillers. */
static void fillers_are_halved(void)
{
	struct rm_explore_case failing = big();

	play.fails = needs_half;
	failing.program.fillers = 124;
	CHECK(with_fewer_fillers(&failing) && failing.program.fillers == 28 &&
	                !with_fewer_fillers(&failing),
	        "fillers are halved, together with the other keys");
	failing.program.fillers = 0;
	CHECK(!with_fewer_fillers(&failing), "or there are none");
	failing.program.fillers = 28;
	failing.program.rejoins = true;
	CHECK(without_rejoins(&failing) && !failing.program.rejoins &&
	                !without_rejoins(&failing),
	        "threads that need not leave and join again do not");
	failing.program.reuses = true;
	CHECK(without_reuse(&failing) && !failing.program.reuses &&
	                !without_reuse(&failing),
	        "memory that need not be reused is not");
	rm_explore_turns_clear(&failing.turns);
}

int main(void)
{
	fillers_are_halved();
	what_is_not_needed_goes();
	other_faults_do_not_count();
	some_goes_only_as_a_whole();
	it_is_tried_again();
	threads_may_stand_still();
	errors_are_no_failures();
	long_ones_are_given_up();
	switches_that_are_needed_stay();
	fewer_switches_are_fewer();
	a_lane_may_go_on_for_longer();
	memory_is_made_smaller(RM_EXPLORE_C11);
	memory_is_made_smaller(RM_EXPLORE_SC);
	stores_leave_when_they_must();
	memory_is_tried_again();
	plays_are_bounded();
	what_was_taken_is_kept();
	return DONE();
}
