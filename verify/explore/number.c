/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - maps a schedule's number to its program and scheduler (play.h). */
#include "verify/explore/menu.h"
#include "verify/explore/play.h"
#include "verify/explore/sample.h"
#include "verify/explore/world.h"

#include "runner/base/rng.h"
#include "runner/impl.h"

enum {
	/* number of schedules, which run their threads in sequence */
	CALIBRATING = 8,
	GROWTH_KEYS = 1024,
};

int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error)
{
	const struct rm_explore_turns none = { NULL, 0, 0 };
	struct rm_explore_options plain = *options;
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_program program;
	int status = 0;

	plain.plain = true;
	plain.growth.count = 0;
	*horizon = 1;
	for (uint64_t i = 0; i < CALIBRATING && !status; i++) {
		struct rm_explore_schedule schedule = {
			.scheduler = &rm_explore_listed, .list = &none
		};

		rm_explore_program_make(&plain, i, &program);
		status = rm_explore_play(
		        &program, &schedule, options->steps, &played, error);
		if (played.steps > *horizon)
			*horizon = played.steps;
	}
	rm_explore_played_clear(&played);
	return status;
}

int rm_explore_find_growth(
        struct rm_explore_options *options, struct rm_error *error)
{
	const struct rm_explore_turns none = { NULL, 0, 0 };
	struct rm_explore_schedule schedule = { .scheduler = &rm_explore_listed,
		.list = &none };
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	const struct rm_explore_program program = { .impl = options->impl,
		.shape = rm_shapes[__builtin_ctz(options->shapes)],
		.map_seed = options->seed,
		.keys = 1,
		.threads = 1,
		.fillers = GROWTH_KEYS,
		.growth = &options->growth };
	int status = rm_explore_open(error);

	options->growth.count = 0;
	/* a fault is reported by the programs that follow */
	if (!status && !(options->impl->caps & RM_CAP_FIXED_SIZE))
		status = rm_explore_play(
		        &program, &schedule, options->steps, &played, error);
	rm_explore_played_clear(&played);
	return status;
}

/* The mix uses PCT for one schedule in four, and stall for special programs. A
   few of the others are fair. */
static const struct rm_explore_scheduler *scheduler_of(
        const struct rm_explore_options *options, uint64_t number)
{
	switch (options->policy) {
	case RM_EXPLORE_PCT:
		return &rm_explore_pct;
	case RM_EXPLORE_STALL:
		return &rm_explore_stall;
	case RM_EXPLORE_FAIR:
		return &rm_explore_fair;
	case RM_EXPLORE_MIX:
		if (number % RM_EXPLORE_TURNS == RM_EXPLORE_TURN_PCT)
			return &rm_explore_pct;
		if (rm_explore_is_special(options, number) ||
		        (options->written && number % RM_EXPLORE_TURNS ==
		                                     RM_EXPLORE_TURN_SPECIAL))
			return &rm_explore_stall;
		if (rm_explore_is_fair(options, number))
			return &rm_explore_fair;
		return &rm_explore_random;
	default:
		return &rm_explore_random;
	}
}

/* Over some thousand steps, random turns are fair, too. */
struct rm_explore_schedule rm_explore_schedule_make(
        const struct rm_explore_options *options, uint64_t number,
        uint64_t horizon)
{
	const struct rm_explore_scheduler *scheduler =
	        scheduler_of(options, number);
	uint64_t turn = options->policy == RM_EXPLORE_MIX
	                        ? number / RM_EXPLORE_TURNS
	                        : number;

	return (struct rm_explore_schedule){
		.scheduler = scheduler,
		.rng = rm_seed(options->seed, 2 * number + 1),
		.fair = scheduler == &rm_explore_fair ||
		        scheduler == &rm_explore_random,
		.even = rm_explore_is_progress(options, number),
		.fairness = options->fairness,
		.horizon = horizon,
		.depth = options->depth
		                 ? options->depth
		                 : 1 + (unsigned)(turn % RM_EXPLORE_DEPTH_MAX),
	};
}

int rm_explore_play_number(const struct rm_explore_options *options,
        uint64_t number, uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	const struct rm_explore_exhaust all = {
		.preemptions = options->preemptions,
		.most = options->schedules,
		.limit = options->steps,
	};
	struct rm_explore_program program;
	struct rm_explore_schedule schedule;
	int status;

	rm_explore_program_make(options, number, &program);
	if (options->policy == RM_EXPLORE_EXHAUSTIVE)
		return rm_explore_exhaust(
		        &program, &all, tally, taken, played, error);
	schedule = rm_explore_schedule_make(options, number, horizon);
	schedule.taken = taken;
	if (taken)
		taken->count = 0;
	status = rm_explore_play(
	        &program, &schedule, options->steps, played, error);
	rm_explore_tally_add(tally, played);
	tally->schedules++;
	if (!status && !program.fillers)
		rm_explore_space_add(tally, options, number);
	return status;
}
