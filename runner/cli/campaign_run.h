/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_run.h - a campaign from wishes to its end, for a person who waits:
   what `run` does once, and commands of stages do for each stage. */
#ifndef RM_CAMPAIGN_RUN_H
#define RM_CAMPAIGN_RUN_H

#include "runner/campaign/campaign.h"

#include <stdbool.h>

/* A descriptor that is readable once somebody wants us to stop. Blocks SIGINT,
   SIGTERM and SIGHUP where they are not ignored, and ignores SIGXFSZ. */
int rm_watch_signals(void);

/* The exit status of -errno of rm_prepare(): the person's, or the system's. */
int rm_status_of(int result);

/* How a campaign is told of. */
struct rm_telling {
	const char *command; /* in messages: "run" */
	bool is_stage; /* one of several: its counts are told, its folder and
	                  its status are not */
	bool page;     /* a whole campaign ends with its page, which prints the
	              counts */
};

/*
 * Runs a campaign or the rest of one: warnings and errors go to standard error,
 * what became of it to standard output. Returns the exit status. `whole`: out,
 * each trial of the plan has its line, whatever it says. Main thread.
 */
int rm_run_campaign(const struct rm_wishes *wishes,
        const struct rm_telling *telling, bool *whole);

/* Prints what failed by name with reasons, and counts, to standard output. */
void rm_run_counts(const struct rm_tally *tally);

/* Prints what failed by name with reasons. */
void rm_run_failures(const struct rm_tally *tally);

/*
 * rm_run_counts(), and `status: ...` with how to go on. `result`: of
 * rm_campaign_run(). Returns the exit status.
 */
int rm_run_summary(const struct rm_tally *tally, const char *dir, int result,
        bool interrupted);

#endif /* RM_CAMPAIGN_RUN_H */
