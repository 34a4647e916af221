/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign.h - runs what is left of a plan, one trial after the other.
 *
 *	rm_plan_build(...) or rm_plan_from_json(...)
 *	rm_journal_open(dir, rm_campaign_recall, &tally, &journal, ...)
 *	rm_campaign_run(&campaign, &error)
 */
#ifndef RM_CAMPAIGN_H
#define RM_CAMPAIGN_H

#include "runner/base/error.h"
#include "runner/campaign/journal.h"
#include "runner/campaign/progress.h"
#include "runner/campaign/tally.h"
#include "runner/plan/plan.h"

#include <jansson.h>
#include <stdbool.h>

#define RM_ARM_HEAD "head" /* the arm of a campaign's own trials */

struct rm_campaign {
	const char *dir; /* its folder, which exists */
	const struct rm_plan *plan;
	const json_t *counters; /* campaign.json's "counters" */
	const char *program; /* that plays all trials; NULL: program.h says */
	int interrupt_fd;    /* readable: stop; -1: none */
	struct rm_journal *journal;
	struct rm_tally *tally; /* holds what the journal held */
	struct rm_progress *progress;
	bool interrupted; /* out: stopped by interrupt_fd */
};

/* For rm_journal_open(): adds a line to the tally at `tally`. */
int rm_campaign_recall(
        void *tally, const json_t *trial, struct rm_error *error);

/*
 * Runs every trial of the plan that has no line yet, in the plan's order.
 * Cells that the plan skips, trials of maps that failed their verification and
 * of cells that failed twice in a row get a line with the reason.
 *
 * Returns 0 when the plan is done or `interrupted`; -errno with `error` when
 * the journal, a histogram or a process could not be made: what is in the
 * journal stays good, and a resume goes on from there. Main thread; SIGXFSZ
 * ignored.
 */
int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error);

/* The request of docs/trial-protocol.md for one trial of a cell, whose
   `counters` (a reference that is taken) may be NULL: no memory. New
   reference; NULL: no memory. */
json_t *rm_request_json(
        const struct rm_cell *cell, uint64_t seed, json_t *counters);

/* That of one trial of the plan. */
json_t *rm_campaign_request(
        const struct rm_campaign *campaign, size_t cell, unsigned block);

#endif /* RM_CAMPAIGN_H */
