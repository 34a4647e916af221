/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - what a person is told of a schedule that failed. */
#ifndef RM_EXPLORE_PAGE_H
#define RM_EXPLORE_PAGE_H

#include "runner/sim/explore/explore.h"

#include <stdio.h>

/*
 * Runs schedule number `found` again, makes it smaller, and tells a person on
 * `out`: threads and what they do, the schedule as columns with source lines,
 * the history, and how to see it again. 0, or -errno with `error`; -ENOENT
 * where that schedule does not fail.
 */
int rm_explore_tell(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error);

#endif /* RM_EXPLORE_PAGE_H */
