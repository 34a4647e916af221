/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - evidence for a run without a finding: the number of schedules that
 * a program has, and a run that must fail. Inside verify/explore only.
 * docs/method/checker.md has the sources. */
#ifndef RM_EXPLORE_SAMPLE_H
#define RM_EXPLORE_SAMPLE_H

#include "verify/explore/explore.h"

/* Numbers of schedules of threads that never wait and take these steps, as
   logarithms to base 10. */
struct rm_explore_space {
	double all;
	double few; /* with at most RM_EXPLORE_FEW preemptions */
};

enum { RM_EXPLORE_FEW = 2 };

/* `steps` has the steps of each of 1 .. RM_EXPLORE_THREADS_MAX threads. */
struct rm_explore_space rm_explore_space_of(
        const uint64_t *steps, unsigned threads);

/* Adds the schedule that was just played to tally->space, if its program has
   the size that the options request. Measures one number in 16. */
void rm_explore_space_add(struct rm_explore_tally *tally,
        const struct rm_explore_options *options, uint64_t number);

/* Runs the map with an injected bug, with the options of the run but drawn
   programs, until a schedule fails. Returns the number of schedules that this
   took; 0 if none fails, or without memory. */
uint64_t rm_explore_control(
        const struct rm_explore_options *options, uint64_t horizon);

/* Returns the reason (static text) why such a run would not find the bug, or
   NULL. */
const char *rm_explore_no_control(const struct rm_explore_options *options);

#endif /* RM_EXPLORE_SAMPLE_H */
