/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - a trial's line of trials.jsonl, and its histogram files. */
#ifndef RM_RECORD_H
#define RM_RECORD_H

#include "runner/campaign/launch.h"

#include <time.h>

/* What the runner knows of a trial. */
struct rm_record {
	const char *cell; /* id */
	unsigned block;
	const char *arm; /* "head" in a campaign */
	uint64_t seed;
	struct timespec started; /* CLOCK_REALTIME */
	int64_t steal_ticks;     /* of all CPUs during the trial; -1: unknown */
	double load;             /* before the trial; negative: unknown */
};

/*
 * The line of a trial that ran. Takes "buckets" out of the outcome's latency
 * entries and puts "histogram" in their place.
 *
 * dir   campaign folder: histograms/NAME.hgrm and NAME.hlog are written first
 *       (so that no line names a file that is not there); NULL: none
 * line  out: new reference
 * Returns 0; -errno with `error` where a file cannot be written; -ENOMEM.
 */
int rm_record_trial(const struct rm_record *record, struct rm_outcome *outcome,
        const char *dir, json_t **line, struct rm_error *error);

/* The line of a trial that is not run, and why. New reference; NULL: no
   memory. */
json_t *rm_record_skip(const struct rm_record *record, const char *reason);

enum { RM_UTC_BYTES = 32 };
/* "2026-11-20T08:01:02.345Z" */
void rm_utc_text(struct timespec when, char text[RM_UTC_BYTES]);

#endif /* RM_RECORD_H */
