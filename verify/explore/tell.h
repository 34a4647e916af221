/* SPDX-License-Identifier: Apache-2.0 */
/* tell.h - what a person is told of a schedule that failed. */
#ifndef RM_EXPLORE_TELL_H
#define RM_EXPLORE_TELL_H

#include "verify/explore/explore.h"

#include <stdio.h>

/*
 * Runs schedule number `found` again, makes it smaller, and tells a person on
 * `out`: threads and what they do, the schedule as columns with source lines,
 * the history, and how to see it again; the same into the files that `options`
 * names for views. 0, or -errno with `error`. Where that schedule does not fail
 * no file is touched: -ENOENT; -ENODATA where a history was not decided, -ERANGE
 * where schedules of that program are left that were not tried.
 */
int rm_explore_tell(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error);

#endif /* RM_EXPLORE_TELL_H */
