/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - skewed ranks, made before the window: drawing them in the loop
 * would cost more than most lookups. Read in order: one line per 16 ranks,
 * visible in null_map's floor.
 */
#ifndef RM_STREAM_H
#define RM_STREAM_H

#include "runner/plan/cell.h"

#include <stdint.h>

/*
 * Makes the stream of thread `slot`. Ranks below `resident` follow the cell's
 * distribution (rank 0 is the most frequent); a share cell->miss_share is
 * uniform in [resident, span).
 *
 * length  out: a power of two; all threads' streams stay under 64 MiB where
 *         that leaves each at least 4096 ranks
 * Returns the caller's to free, or NULL without memory.
 */
uint32_t *rm_stream_create(const struct rm_cell *cell, unsigned slot,
        uint64_t resident, uint64_t span, uint64_t seed, uint64_t *length);

/* Zipf ranks by rejection inversion. Hoermann and Derflinger, ACM TOMACS 6(3),
   1996, section 3. Any exponent above 0; constant memory. */
struct rm_zipf {
	double theta, x1, xn, s;
	uint64_t n;
};

void rm_zipf_init(struct rm_zipf *zipf, uint64_t n, double theta);
/* Next rank, 0 .. n - 1; P(rank) is proportional to (rank + 1)^-theta. */
uint64_t rm_zipf_next(const struct rm_zipf *zipf, uint64_t *rng);

#endif /* RM_STREAM_H */
