/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h - schedule number K of a seed: its program and its scheduler.
 * Inside verify/explore only.
 */
#ifndef RM_EXPLORE_NUMBER_H
#define RM_EXPLORE_NUMBER_H

#include "verify/explore/exhaust.h"

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

#endif /* RM_EXPLORE_NUMBER_H */
