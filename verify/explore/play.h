/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - runs one schedule of one program, all schedules of a program, or
   schedule number K of a seed. Inside verify/explore only. */
#ifndef RM_EXPLORE_PLAY_H
#define RM_EXPLORE_PLAY_H

#include "verify/explore/program.h"

/* The result of one schedule of a program. Zero-initialise, reuse, then
   rm_explore_played_clear(). */
struct rm_explore_played {
	enum rm_explore_fault fault;
	char what[512];
	unsigned lane;
	const void *site[2];
	uint64_t steps, switches;
	bool undecided;
	bool grew;      /* larger blocks than before the threads (explore.h) */
	bool abandoned; /* endless growth for keys with equal hashes */
	char note[RM_EXPLORE_NOTE_BYTES]; /* starvation that is allowed */
	/* judged only if the schedule had no fault */
	struct rm_history history;
	struct rm_history_judgement judgement; /* verdict on
                                                  RM_EXPLORE_HISTORY */
};

/* Runs the program under `schedule`, with at most `limit` steps, and judges the
   history. Returns 0, or -errno with `error` if judging fails. */
int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error);

void rm_explore_played_clear(struct rm_explore_played *played);

struct rm_explore_exhaust {
	unsigned preemptions; /* maximum number of preemptions per schedule */
	uint64_t most;        /* maximum number of schedules */
	uint64_t limit;       /* maximum number of steps of each schedule */
	bool unreduced;       /* include equivalent schedules (tree.h) */
};

void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played);

/*
 * Plays the schedules of a program until one fails, in order of preemptions
 * from 0. `played` is the last one, and `taken`, if not NULL, its turns. Adds
 * to `tally`. Returns 0, or -errno with `error`.
 */
int rm_explore_exhaust(const struct rm_explore_program *program,
        const struct rm_explore_exhaust *how, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error);

/* Estimates the steps of a schedule, over which PCT spreads its changes. Plays
   the first programs of the seed and runs their threads in sequence. Returns 0,
   or -errno with `error`. */
int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error);

/* Returns the schedule of this number, before its first turn. */
struct rm_explore_schedule rm_explore_schedule_make(
        const struct rm_explore_options *options, uint64_t number,
        uint64_t horizon);

/* Plays schedule `number`, or, for the exhaustive scheduler, the schedules of
   program `number` up to the first that fails. `taken`, if not NULL, gets the
   turns of the last one. Returns 0, or -errno with `error`. */
int rm_explore_play_number(const struct rm_explore_options *options,
        uint64_t number, uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error);

#endif /* RM_EXPLORE_PLAY_H */
