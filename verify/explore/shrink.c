/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink.c - removes the parts of a program and of a schedule that a finding
 * does not need.
 *
 * If an operation is removed, the program takes other turns. So a candidate is
 * tried under the turns of the case, and then under some schedules of its own.
 * It is accepted if one of them fails in the same way. Switches are removed
 * last: at each turn, the previous lane continues instead. Under a memory
 * model, it also tries newer stores for loads, and lets stores leave their
 * buffers as late as possible. A run without progress depends on its schedule,
 * so only similar schedules are tried, and no switch is removed.
 */
#include "verify/explore/shrink.h"

#include "runner/base/rng.h"

#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 200, /* number of schedules tried for a smaller program */
	TRIES_ALIKE = 8,
	PLAYS_MOST = 20000, /* total number of plays */
	PASSES = 8,
	/* maximum total number of steps; permits only a few plays of long
	 * programs */
	STEPS_MOST = 200000000,
	/* cost of a write before the start of the threads, in steps */
	BEFORE_STEPS = 20,
	LONG_TURN = 100000, /* steps for a lane that continues */
};

void rm_explore_turns_clear(struct rm_explore_turns *turns)
{
	free(turns->turn);
	*turns = (struct rm_explore_turns){ NULL, 0, 0 };
}

/* Plays `program` under a copy of the schedule. If it fails in the same way
   with at most `most` switches, it becomes the case, with its turns. */
static bool fails(struct rm_explore_case *failing,
        const struct rm_explore_program *program,
        const struct rm_explore_schedule *under, uint64_t most)
{
	struct rm_explore_schedule schedule = *under;
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_turns taken = { NULL, 0, 0 };
	struct rm_error error = { "" };
	bool same;

	if (failing->steps > STEPS_MOST)
		return false;
	schedule.taken = &taken;
	failing->plays++;
	same = !rm_explore_play(
	               program, &schedule, failing->limit, &played, &error) &&
	       played.fault == failing->fault && played.switches <= most;
	failing->steps += played.steps + (uint64_t)BEFORE_STEPS *
	                                         (program->before.times +
	                                                 2 * program->fillers);
	if (same) {
		rm_explore_turns_clear(&failing->turns);
		failing->turns = taken;
		failing->program = *program;
		failing->switches = played.switches;
	} else {
		rm_explore_turns_clear(&taken);
	}
	rm_explore_played_clear(&played);
	return same;
}

bool rm_explore_is_stuck(enum rm_explore_fault fault)
{
	return fault == RM_EXPLORE_LIVELOCK || fault == RM_EXPLORE_STARVATION ||
	       fault == RM_EXPLORE_UNRECLAIMED ||
	       fault == RM_EXPLORE_NOT_LOCK_FREE;
}

static bool fails_alike(struct rm_explore_case *failing,
        const struct rm_explore_program *program)
{
	struct rm_explore_schedule schedule = failing->under;

	for (unsigned i = 0; i < TRIES_ALIKE; i++) {
		if (fails(failing, program, &schedule, UINT64_MAX))
			return true;
		schedule.rng = rm_seed(failing->seed, i);
	}
	return false;
}

static bool fails_somehow(struct rm_explore_case *failing,
        const struct rm_explore_program *program)
{
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &failing->turns };
	const bool stalls = failing->under.scheduler == &rm_explore_stall;

	if (rm_explore_is_stuck(failing->fault))
		return fails_alike(failing, program);
	if (fails(failing, program, &listed, UINT64_MAX))
		return true;
	for (unsigned i = 0; i < TRIES && failing->plays < PLAYS_MOST; i++) {
		struct rm_explore_schedule schedule = {
			.scheduler = i % 4 == 2 && stalls ? &rm_explore_stall
			             : i % 2              ? &rm_explore_pct
			                                  : &rm_explore_random,
			.rng = rm_seed(failing->seed, i),
			.horizon = failing->horizon,
			.depth = 1 + i / 2 % RM_EXPLORE_DEPTH_MAX
		};

		if (fails(failing, program, &schedule, UINT64_MAX))
			return true;
	}
	return false;
}

static bool without_thread(struct rm_explore_case *failing, unsigned thread)
{
	struct rm_explore_program smaller = failing->program;

	if (!smaller.ops[thread])
		return false;
	smaller.ops[thread] = 0;
	return fails_somehow(failing, &smaller);
}

static bool without_op(
        struct rm_explore_case *failing, unsigned thread, unsigned op)
{
	struct rm_explore_program smaller = failing->program;

	if (op >= smaller.ops[thread])
		return false;
	memmove(&smaller.op[thread][op], &smaller.op[thread][op + 1],
	        (--smaller.ops[thread] - op) * sizeof(smaller.op[0][0]));
	return fails_somehow(failing, &smaller);
}

static bool without_key(struct rm_explore_case *failing, unsigned key)
{
	struct rm_explore_program smaller = failing->program;

	if (!(smaller.resident & 1U << key))
		return false;
	smaller.resident &= ~(1U << key);
	return fails_somehow(failing, &smaller);
}

/* Reduces the repeats of an operation: tries one execution, half as many, and
 * one fewer, while the failure remains. */
static bool with_fewer(
        struct rm_explore_case *failing, unsigned thread, unsigned op)
{
	bool any = false, fewer = true;

	while (fewer && op < failing->program.ops[thread]) {
		struct rm_explore_program smaller = failing->program;
		uint32_t *times = &smaller.op[thread][op].times;
		const uint32_t most = *times;

		fewer = false;
		for (unsigned i = 0; i < 3 && most > 1 && !fewer; i++) {
			*times = i == 0 ? 0 : i == 1 ? most / 2 : most - 1;
			fewer = fails_somehow(failing, &smaller);
		}
		any |= fewer;
	}
	return any;
}

/* Tries plain ranks as keys, and no writes before the start of the threads. */
static bool without_extremes(struct rm_explore_case *failing)
{
	struct rm_explore_program smaller = failing->program;
	bool any;

	smaller.keyset = RM_KEYS_RANKS;
	any = failing->program.keyset && fails_somehow(failing, &smaller);
	smaller = failing->program;
	smaller.before.times = 0;
	return (failing->program.before.times &&
	               fails_somehow(failing, &smaller)) ||
	       any;
}

/* Tries no fillers, then half of the keys at the start while the failure
   remains: most tables grow at half of their present size, too. */
static bool with_fewer_fillers(struct rm_explore_case *failing)
{
	const uint32_t most = failing->program.fillers;
	struct rm_explore_program smaller = failing->program;
	const uint32_t present = (uint32_t)__builtin_popcount(smaller.resident);

	smaller.fillers = 0;
	if (!most || fails_somehow(failing, &smaller))
		return most;
	do {
		smaller.fillers = (failing->program.fillers + present) / 2;
		if (smaller.fillers <= present)
			break;
		smaller.fillers -= present;
	} while (fails_somehow(failing, &smaller));
	return failing->program.fillers < most;
}

static bool without_rejoins(struct rm_explore_case *failing)
{
	struct rm_explore_program smaller = failing->program;

	smaller.rejoins = false;
	return failing->program.rejoins && fails_somehow(failing, &smaller);
}

static bool without_reuse(struct rm_explore_case *failing)
{
	struct rm_explore_program smaller = failing->program;

	smaller.reuses = false;
	return failing->program.reuses && fails_somehow(failing, &smaller);
}

/* Makes one pass over operations and keys. Returns true if another pass may
 * remove more. */
static bool leave_out(struct rm_explore_case *failing)
{
	bool any = without_extremes(failing);

	any |= without_rejoins(failing);
	any |= without_reuse(failing);
	any |= with_fewer_fillers(failing);
	for (unsigned t = 0; t < failing->program.threads; t++)
		any |= without_thread(failing, t);
	for (unsigned t = 0; t < failing->program.threads; t++)
		for (unsigned i = failing->program.ops[t]; i-- > 0;)
			any |= without_op(failing, t, i) ||
			       with_fewer(failing, t, i);
	for (unsigned key = 0; key < failing->program.keys; key++)
		any |= without_key(failing, key);
	return any && failing->plays < PLAYS_MOST;
}

/* Lets the lane that ran before turn `i` continue instead. */
static bool without_switch(struct rm_explore_case *failing, size_t i)
{
	struct rm_explore_turns turns = { NULL, failing->turns.count,
		failing->turns.count };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &turns };
	bool fewer = false;

	if (failing->turns.turn[i].lane == failing->turns.turn[i - 1].lane)
		return false;
	turns.turn = malloc(turns.count * sizeof(*turns.turn));
	if (!turns.turn)
		return false;
	memcpy(turns.turn, failing->turns.turn,
	        turns.count * sizeof(*turns.turn));
	turns.turn[i].lane = turns.turn[i - 1].lane;
	for (int longer = 0; longer < 2 && !fewer && failing->switches;
	        longer++) {
		if (longer)
			turns.turn[i].steps = LONG_TURN;
		fewer = fails(failing, &failing->program, &listed,
		        failing->switches - 1);
	}
	free(turns.turn);
	return fewer;
}

static bool leave_out_switches(struct rm_explore_case *failing)
{
	bool any = false;

	for (size_t i = 1;
	        i < failing->turns.count && failing->plays < 2 * PLAYS_MOST;
	        i++)
		any |= without_switch(failing, i);
	return any && failing->plays < 2 * PLAYS_MOST;
}

/* Returns a copy of the case's turns, to be changed and tried; free() `turn`.
   If memory is exhausted, `turn` is NULL, and no turn is removed. */
static struct rm_explore_turns copy_turns(const struct rm_explore_case *failing)
{
	struct rm_explore_turns copy = failing->turns;

	copy.turn = malloc(copy.count * sizeof(*copy.turn));
	copy.room = copy.count;
	if (copy.turn)
		memcpy(copy.turn, failing->turns.turn,
		        copy.count * sizeof(*copy.turn));
	return copy;
}

static bool fails_listed(
        struct rm_explore_case *failing, const struct rm_explore_turns *turns)
{
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = turns };

	return fails(failing, &failing->program, &listed, failing->switches);
}

/* Makes the load at the end of turn `i` read the newest possible store. */
static bool looks_less_far(struct rm_explore_case *failing, size_t i)
{
	const uint32_t back = failing->turns.turn[i].back;
	struct rm_explore_turns turns = copy_turns(failing);
	bool less = false;

	for (uint32_t try = 0; turns.turn && try < back && !less; try++) {
		turns.turn[i].back = try;
		less = fails_listed(failing, &turns);
	}
	free(turns.turn);
	return less;
}

/* Removes turn `i` of a buffer, so that its stores leave it later. */
static bool leaves_later(struct rm_explore_case *failing, size_t i)
{
	struct rm_explore_turns turns = copy_turns(failing);
	bool later = false;

	if (turns.turn && turns.turn[i].lane >= RM_EXPLORE_BUFFERS_AT) {
		memmove(&turns.turn[i], &turns.turn[i + 1],
		        (--turns.count - i) * sizeof(*turns.turn));
		later = fails_listed(failing, &turns);
	}
	free(turns.turn);
	return later;
}

static bool leave_out_memory(struct rm_explore_case *failing)
{
	bool any = false;

	if (!failing->program.memory)
		return false;
	for (size_t i = failing->turns.count;
	        i-- > 0 && failing->plays < 2 * PLAYS_MOST;) {
		if (i >= failing->turns.count)
			continue;
		any |= looks_less_far(failing, i);
		if (i < failing->turns.count)
			any |= leaves_later(failing, i);
	}
	return any && failing->plays < 2 * PLAYS_MOST;
}

int rm_explore_case_play(struct rm_explore_case *failing,
        struct rm_explore_played *played, struct rm_error *error)
{
	struct rm_explore_turns taken = { NULL, 0, 0 };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &failing->turns,
		.taken = &taken,
		.fair = failing->under.fair };
	int status = rm_explore_play(
	        &failing->program, &listed, failing->limit, played, error);

	rm_explore_turns_clear(&failing->turns);
	failing->turns = taken;
	failing->switches = played->switches;
	failing->length = played->steps;
	return status;
}

int rm_explore_shrink(struct rm_explore_case *failing, struct rm_error *error)
{
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	int status;

	for (unsigned i = 0; i < PASSES && leave_out(failing); i++)
		;
	if (!rm_explore_is_stuck(failing->fault)) {
		for (unsigned i = 0; i < PASSES && leave_out_switches(failing);
		        i++)
			;
		for (unsigned i = 0; i < PASSES && leave_out_memory(failing);
		        i++)
			;
	}
	/* the last schedule played must be the one that is shown */
	status = rm_explore_case_play(failing, &played, error);
	rm_explore_played_clear(&played);
	return status;
}
