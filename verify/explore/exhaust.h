/* SPDX-License-Identifier: Apache-2.0 */
/* exhaust.h - all schedules of one program up to a number of preemptions.
   Inside verify/explore only. */
#ifndef RM_EXPLORE_EXHAUST_H
#define RM_EXPLORE_EXHAUST_H

#include "verify/explore/play.h"

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

#endif /* RM_EXPLORE_EXHAUST_H */
