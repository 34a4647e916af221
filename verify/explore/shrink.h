/* SPDX-License-Identifier: Apache-2.0 */
/* shrink.h - makes a finding smaller: fewer operations, keys and switches, but
   the same failure. Inside verify/explore only. */
#ifndef RM_EXPLORE_SHRINK_H
#define RM_EXPLORE_SHRINK_H

#include "verify/explore/play.h"

/* A program and the turns under which it fails. */
struct rm_explore_case {
	struct rm_explore_program program;
	struct rm_explore_turns turns;
	enum rm_explore_fault fault;
	uint64_t switches;
	uint64_t seed, horizon, limit; /* settings of the schedules that are
                                          tried */
	struct rm_explore_schedule
	        /* the schedule as found, before its first turn */
	        under;
	uint64_t plays, steps; /* number of plays and steps so far */
	uint64_t length;       /* steps of the last rm_explore_case_play() */
};

/* True if the failure is a run without progress. */
bool rm_explore_is_stuck(enum rm_explore_fault fault);

/* Plays the case, and stores the turns that were taken in it. Returns 0 or
 * -errno. */
int rm_explore_case_play(struct rm_explore_case *failing,
        struct rm_explore_played *played, struct rm_error *error);

/* Makes the case smaller, with a bounded number of plays. Deterministic.
   Returns 0, or -errno with `error`. */
int rm_explore_shrink(struct rm_explore_case *failing, struct rm_error *error);

void rm_explore_turns_clear(struct rm_explore_turns *turns);

#endif /* RM_EXPLORE_SHRINK_H */
