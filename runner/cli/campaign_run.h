/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_run.h - runs a campaign, and prints its summary. `run` does this
   once. Commands with stages do it for each stage. */
#ifndef RM_CAMPAIGN_RUN_H
#define RM_CAMPAIGN_RUN_H

#include "runner/campaign/campaign.h"

#include <stdbool.h>

/* Blocks SIGINT, SIGTERM and SIGHUP, except ignored ones. Returns a descriptor
   that becomes readable after such a signal. */
int rm_watch_signals(void);

/* Maps -errno of rm_prepare() to RM_USAGE, RM_INTERRUPTED or RM_INCOMPLETE. */
int rm_exit_status(int result);

/* Options for the output of rm_run_campaign(). */
struct rm_run_output {
	const char *command; /* name of the command for messages: "run" */
	bool is_stage;       /* print only counts, without folder and status */
	bool page;           /* after a complete campaign, start the report */
};

/* Runs a campaign, or the rest of one. Warnings and errors go to standard
   error, the summary to standard output. Returns the exit status. `complete`
   (out): each trial of the plan has a line in the journal, with any status.
   Call it from the main thread. */
int rm_run_campaign(const struct rm_run_options *wishes,
        const struct rm_run_output *output, bool *complete);

/* Prints each failed cell with its reason, and the counts, to standard
   output. */
void rm_run_counts(const struct rm_tally *tally);

/* Prints each cell that failed or exceeds a limit, with the reason, to standard
   output. */
void rm_run_failures(const struct rm_tally *tally);

/* Calls rm_run_counts(), then prints `status: ...` with the command that
   resumes. `result` comes from rm_campaign_run(). Returns the exit status. */
int rm_run_summary(const struct rm_tally *tally, const char *dir, int result,
        bool interrupted);

#endif /* RM_CAMPAIGN_RUN_H */
