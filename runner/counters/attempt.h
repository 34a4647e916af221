/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.h - one back end tried on this machine: what it can count, or why
   it cannot. Used by select.c and by `readmostly counters`. */
#ifndef RM_ATTEMPT_H
#define RM_ATTEMPT_H

#include "runner/counters/likwid.h"
#include "runner/counters/prove.h"

#include <stdbool.h>

struct rm_attempt {
	const char *backend; /* "perf", "likwid" */
	bool proved;         /* at least one metric was, and it may be used */
	char cpu[32];        /* arch of the event map; "" = not detected */
	char reason[512];    /* why not; "" where proved */
	char remedy[256];    /* what would help; "" = nothing known */
	json_t *events;      /* what may be counted */
	json_t *missing;     /* [{"metric", "reason"}] */
	json_t *verdicts;    /* of the kernels; see prove.h */
	json_t *sets;        /* trial requests, one per pass */
	struct rm_likwid_helper *helper; /* likwid: running, or NULL */
};

/*
 * Tries a back end. What does not work is a reason in the attempt, not an
 * error: returns -errno only for a wrong metric (-EINVAL) or lack of memory.
 *
 * backend  "perf" or "likwid"
 * metrics  "a,b,..." of events.tsv, or NULL for the usual ones
 * prove    perf_ops and recording as in prove.h; the place is filled in here
 * attempt  out: free with rm_attempt_free() in any case
 */
int rm_attempt_make(const char *backend, const char *metrics,
        struct rm_prove *prove, struct rm_attempt *attempt,
        struct rm_error *error);

/* {"backend", "status", "reason", "remedy", "verdicts"}; new reference. */
json_t *rm_attempt_json(const struct rm_attempt *attempt);

/* Frees all, ends the helper. */
void rm_attempt_free(struct rm_attempt *attempt);

#endif /* RM_ATTEMPT_H */
