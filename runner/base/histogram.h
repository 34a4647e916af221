/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram.h - log-linear latency histogram, 3 significant digits.
 *
 * The layout is that of HdrHistogram (Tene) with lowest value 1 ns, highest
 * value RM_HISTOGRAM_MAX_NS and 3 digits. It has 2048 sub-buckets, so the width
 * of a bucket is at most 0.1 % of its values. Counts can be merged, and written
 * in HdrHistogram's log format, without loss. Only one thread may write; there
 * are no locks.
 */
#ifndef RM_HISTOGRAM_H
#define RM_HISTOGRAM_H

#include <stdint.h>

#define RM_HISTOGRAM_MAX_NS ((UINT64_C(1) << 41) - 1) /* 36 minutes */

enum {
	RM_HISTOGRAM_DIGITS = 3,
	RM_HISTOGRAM_HALF = 1024, /* half the sub-buckets */
	RM_HISTOGRAM_LENGTH = (41 - 10 + 1) * RM_HISTOGRAM_HALF,
};

struct rm_histogram {
	uint64_t count;     /* number of recorded values */
	uint64_t min_ns;    /* UINT64_MAX while count is 0 */
	uint64_t max_ns;    /* exact maximum of recorded values; 0 if empty */
	uint64_t saturated; /* number of values above the maximum */
	double sum_ns;
	uint64_t counts[RM_HISTOGRAM_LENGTH];
};

/* Returns an empty histogram, or NULL if memory runs out; release with free().
   Touches all pages, so that recording causes no page fault. */
struct rm_histogram *rm_histogram_create(void);

void rm_histogram_clear(struct rm_histogram *histogram);

void rm_histogram_record(struct rm_histogram *histogram, uint64_t value_ns);

/* Adds all values of `from` to `into`. */
void rm_histogram_merge(
        struct rm_histogram *into, const struct rm_histogram *from);

/* Adds `count` values of bucket `index`, 0 <= index < RM_HISTOGRAM_LENGTH.
   Afterwards min, max and sum are only as precise as a bucket. */
void rm_histogram_add(
        struct rm_histogram *histogram, unsigned index, uint64_t count);

/* Bucket of a value, and the range of its values: [low, high]. */
unsigned rm_histogram_index(uint64_t value_ns);
uint64_t rm_histogram_low(unsigned index);
uint64_t rm_histogram_high(unsigned index);

/*
 * Returns the quantile `share`, 0 < share <= 1: the smallest value v with
 * count(values <= v) >= share * count. The result is rounded up to the highest
 * value of its bucket, but is at most max_ns. Returns 0 if there are no values.
 */
uint64_t rm_histogram_quantile(
        const struct rm_histogram *histogram, double share);

/* Arithmetic mean of the recorded values; 0 when empty. */
double rm_histogram_mean(const struct rm_histogram *histogram);

#endif /* RM_HISTOGRAM_H */
