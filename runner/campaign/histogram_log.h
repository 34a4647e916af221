/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram_log.h - latency histograms as files that other tools read.
 *
 * NAME.hgrm is HdrHistogram's percentile table, values in microseconds;
 * NAME.hlog its interval log (version 1.3, one interval) whose payload is the
 * V2 encoding: every count of every bucket, values in nanoseconds.
 */
#ifndef RM_HISTOGRAM_LOG_H
#define RM_HISTOGRAM_LOG_H

#include "runner/base/error.h"
#include "runner/base/histogram.h"

#include <jansson.h>

/*
 * Reads [[index, count], ...] of a trial's answer: indexes rising, below
 * RM_HISTOGRAM_LENGTH, counts above 0. Returns 0 and *histogram, to free();
 * -EINVAL with `error`; -ENOMEM.
 */
int rm_histogram_from_json(const json_t *buckets,
        struct rm_histogram **histogram, struct rm_error *error);

/* The percentile table as text, 5 ticks per half distance. To free(); NULL:
   no memory. */
char *rm_histogram_hgrm(const struct rm_histogram *histogram);

/*
 * The interval log as text. To free(); NULL: no memory.
 *
 * start_s   of the interval, seconds since the epoch
 * length_s  of the interval
 * tag       of the interval: [A-Za-z0-9._-] only
 */
char *rm_histogram_hlog(const struct rm_histogram *histogram, double start_s,
        double length_s, const char *tag);

#endif /* RM_HISTOGRAM_LOG_H */
