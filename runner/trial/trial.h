/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - one cell, once, in this process: the child side of
 * docs/trial-protocol.md.
 */
#ifndef RM_TRIAL_H
#define RM_TRIAL_H

#include "runner/base/error.h"
#include "runner/plan/cell.h"

#include <jansson.h>

enum { RM_PROTOCOL = 1 };

struct rm_recorder; /* runner/trace/record.h */
struct rm_trace;    /* runner/trace/trace.h */

struct rm_request {
	struct rm_cell cell;
	uint64_t seed;        /* 0 .. 2^53 */
	double control_extra; /* 0 .. 1: operations more than reported */
	json_t *counters;     /* the request's object; owned */
	/* not of the JSON: */
	const struct rm_trace *trace; /* of cell.trace: set by the trial */
	struct rm_recorder *recorder; /* records the window; or NULL */
};

/* Reads a request text. 0, or -EINVAL and what is wrong. */
int rm_request_parse(const char *text, size_t length,
        struct rm_request *request, struct rm_error *error);
/* The same request as JSON: what the campaign sends. New reference. */
json_t *rm_request_to_json(const struct rm_request *request);
void rm_request_clear(struct rm_request *request);

/*
 * Runs the trial and returns its result, a new reference (NULL: no memory).
 * Whatever goes wrong is a status and a reason in the result. Once per
 * process: it pins, sets the memory policy, and may be killed by SIGALRM a
 * second after the cell's deadline.
 */
json_t *rm_trial_run(const struct rm_request *request);

/* Whether this program is the one that counts inside: readmostly-stats, or a
   sanitized build. It runs measure = causes and nothing else. */
bool rm_trial_counts(void);

#endif /* RM_TRIAL_H */
