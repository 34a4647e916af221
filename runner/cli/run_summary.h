/* SPDX-License-Identifier: Apache-2.0 */
/* run_summary.h - the last words of `readmostly run`. */
#ifndef RM_RUN_SUMMARY_H
#define RM_RUN_SUMMARY_H

#include "runner/campaign/campaign.h"

#include <stdbool.h>

/* Prints what failed by name with reasons, and counts, to standard output. */
void rm_run_counts(const struct rm_tally *tally);

/*
 * The same, and `status: ...` with how to go on. `result`: of rm_campaign_run(). Returns the exit status.
 */
int rm_run_summary(const struct rm_tally *tally, const char *dir, int result,
        bool interrupted);

#endif /* RM_RUN_SUMMARY_H */
