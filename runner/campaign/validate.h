/* SPDX-License-Identifier: Apache-2.0 */
/* validate.h - whether a campaign's folder holds all that it should. */
#ifndef RM_VALIDATE_H
#define RM_VALIDATE_H

#include "runner/base/error.h"
#include "runner/plan/plan.h"

#include <jansson.h>
#include <stddef.h>

/* Called per problem: one line, "FILE:LINE: what, and what was expected". */
typedef void rm_problem_fn(void *context, const char *text);

/* A validation. Set dir, report and context, zero the rest. */
struct rm_validation {
	const char *dir;
	rm_problem_fn *report;
	void *context;
	size_t problems;              /* out: how many were reported */
	size_t cells, planned, found; /* out: cells, trials planned, lines */
};

/*
 * Checks structure (every member of campaign.json and of each line of
 * trials.jsonl), that nothing was changed (hashes), and completeness (each
 * planned (cell, block) has a line, none has two, none is torn).
 *
 * Returns 0 when it could look at everything, whatever it found; -errno with
 * `error` where the folder or a file in it cannot be read.
 */
int rm_validate(struct rm_validation *validation, struct rm_error *error);

/* The two halves of rm_validate(). The plan is filled where the first could
   read it (cells > 0), and is to be freed. */
int rm_validate_campaign(struct rm_validation *validation, struct rm_plan *plan,
        struct rm_error *error);
int rm_validate_trials(struct rm_validation *validation,
        const struct rm_plan *plan, struct rm_error *error);

/* Reports one problem, printf style. */
void rm_problem(struct rm_validation *validation, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif /* RM_VALIDATE_H */
