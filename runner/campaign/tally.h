/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - what a campaign's trials came to, cell by cell and map by map;
 * what of the plan is therefore not worth running.
 */
#ifndef RM_TALLY_H
#define RM_TALLY_H

#include "runner/base/error.h"
#include "runner/plan/plan.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { RM_FAILURES_IN_A_ROW = 2 }; /* after so many a cell is given up */

struct rm_tally_cell {
	unsigned ok, voided, failed, skipped; /* trials */
	unsigned failed_in_a_row;
	char reason[RM_REASON_BYTES]; /* of the last trial that was not ok */
};

/* Zero it, then rm_tally_start(); free with rm_tally_clear(). */
struct rm_tally {
	const struct rm_plan *plan;
	struct rm_tally_cell *cells; /* plan->cell_count */
	json_t *index;               /* cell id -> index */
	json_t *unfit; /* map id -> why it failed its verification */
	size_t ok, voided, failed, skipped;
};

/* -ENOMEM with `error`. The plan must outlive the tally. */
int rm_tally_start(struct rm_tally *tally, const struct rm_plan *plan,
        struct rm_error *error);

/* Counts one line of the journal. -EINVAL with `error`: a cell that is not in
   the plan, or a status that does not exist. */
int rm_tally_add(
        struct rm_tally *tally, const json_t *line, struct rm_error *error);

/* Why the next trial of a cell is not to be run, in `reason`; false: run it. */
bool rm_tally_gives_up(const struct rm_tally *tally, size_t cell,
        char reason[RM_REASON_BYTES]);

/* Cells that were to run and have no good trial, or one that failed. */
size_t rm_tally_incomplete(const struct rm_tally *tally);

void rm_tally_clear(struct rm_tally *tally);

#endif /* RM_TALLY_H */
