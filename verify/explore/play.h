/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - one schedule of one program, all schedules of a program, and schedule
   number K of a seed. Inside verify/explore only. */
#ifndef RM_EXPLORE_PLAY_H
#define RM_EXPLORE_PLAY_H

#include "verify/explore/program.h"

/* One schedule of a program, and what it came to. Zero-initialise, reuse,
   rm_explore_played_clear(). */
struct rm_explore_played {
	enum rm_explore_fault fault;
	char what[512];
	unsigned lane;
	const void *site[2];
	uint64_t steps, switches;
	bool undecided;
	struct rm_history history; /* judged where nothing else was wrong */
	struct rm_history_judgement judgement; /* of RM_EXPLORE_HISTORY */
};

/* Plays it under `schedule`, at most `limit` steps, and judges. 0, or -errno
   with `error` where the judge fails. */
int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error);

void rm_explore_played_clear(struct rm_explore_played *played);

struct rm_explore_exhaust {
	unsigned preemptions; /* of a schedule, at most */
	uint64_t most;        /* schedules that are played */
	uint64_t limit;       /* steps of each */
	bool unreduced;       /* also those that cannot differ (tree.h) */
};

/* One schedule was played. */
void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played);

/*
 * Plays the schedules of a program until one fails, those of no preemption
 * first, then of one, and so on; `played` is the last, and `taken`, where that
 * is not NULL, its turns. Adds to `tally`. 0, or -errno with `error`.
 */
int rm_explore_exhaust(const struct rm_explore_program *program,
        const struct rm_explore_exhaust *how, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error);

/* How many steps a schedule of these options has, about: what PCT spreads its
   changes over. Of the first programs of the seed, one thread after the other.
   0 or -errno with `error`. */
int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error);

/* Whether this schedule's scheduler is the one that stalls. */
bool rm_explore_stalls(
        const struct rm_explore_options *options, uint64_t number);

/* Plays schedule number `number`, or where schedules are exhausted those of
   program `number`, up to the first that fails. The turns of what was played
   last go to `taken`, if that is not NULL. 0 or -errno with `error`. */
int rm_explore_number(const struct rm_explore_options *options, uint64_t number,
        uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error);

#endif /* RM_EXPLORE_PLAY_H */
