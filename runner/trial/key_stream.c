/* SPDX-License-Identifier: Apache-2.0 */
/* key_stream.c - ranks drawn before the window: zipf, hot, sequential. */
#include "runner/trial/internal.h"

#include "runner/base/rng.h"

#include <math.h>
#include <stdlib.h>

/* Integral of x^-theta, shifted so that it is stable around theta = 1. */
static double integral(double theta, double x)
{
	double log_x = log(x), t = (1 - theta) * log_x;

	return (fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * log_x;
}

static double inverse(double theta, double y)
{
	double t = fmax(y * (1 - theta), -1);

	return exp((fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * y);
}

void rm_zipf_init(struct rm_zipf *zipf, uint64_t n, double theta)
{
	zipf->theta = theta;
	zipf->n = n;
	zipf->x1 = integral(theta, 1.5) - 1;
	zipf->xn = integral(theta, (double)n + 0.5);
	zipf->s = 2 - inverse(theta, integral(theta, 2.5) - pow(2, -theta));
}

uint64_t rm_zipf_next(const struct rm_zipf *zipf, uint64_t *rng)
{
	for (;;) {
		double u = zipf->xn +
		           rm_unit(rm_next(rng)) * (zipf->x1 - zipf->xn);
		double x = inverse(zipf->theta, u);
		double k = fmin(fmax(floor(x + 0.5), 1), (double)zipf->n);

		if (k - x <= zipf->s || u >= integral(zipf->theta, k + 0.5) -
		                                        pow(k, -zipf->theta))
			return (uint64_t)k - 1;
	}
}

/* Uniform in [from, to). */
static uint64_t between(uint64_t *rng, uint64_t from, uint64_t to)
{
	return from + rm_below(rm_next(rng), to - from);
}

/* The first share A of the ranks, rounded up. Shares are rounded numbers: 0.07 of
   100 would be above 7. */
static double hot_ranks(const struct rm_cell *cell, uint64_t resident)
{
	return ceil(cell->dist_a * (double)resident * (1 - 0x1p-50));
}

/* hot:A:B - a share B of the draws goes to the first share A of the ranks. */
static uint64_t hot(
        const struct rm_cell *cell, uint64_t resident, uint64_t *rng)
{
	uint64_t edge = (uint64_t)hot_ranks(cell, resident);

	if (edge >= resident || rm_unit(rm_next(rng)) < cell->dist_b)
		return between(rng, 0, edge);
	return between(rng, edge, resident);
}

double rm_stream_most(const struct rm_cell *cell, uint64_t resident)
{
	double n = (double)resident;
	double edge = hot_ranks(cell, resident);
	struct rm_zipf zipf;

	switch (cell->dist) {
	case RM_DIST_ZIPF: /* the area that ranks are drawn from, 1 the first's */
		rm_zipf_init(&zipf, resident, cell->dist_a);
		return fmin(1 / (zipf.xn - zipf.x1), 1);
	case RM_DIST_HOT:
		return edge < n ? fmax(cell->dist_b / edge,
		                          (1 - cell->dist_b) / (n - edge))
		                : 1 / n;
	default:
		return 1 / n;
	}
}

static uint64_t stream_length(unsigned threads)
{
	uint64_t length = 1 << 20;

	while (length > 4096 && length * threads * 4 > 64 << 20)
		length /= 2;
	return length;
}

uint32_t *rm_stream_create(const struct rm_cell *cell, unsigned slot,
        uint64_t resident, uint64_t span, uint64_t seed, uint64_t *length)
{
	struct rm_zipf zipf;
	uint64_t rng = rm_seed(seed, slot), n = stream_length(cell->threads);
	/* fresh: the resident ranks without the guard at their two ends, since
	   a rank beyond `span` is of a key that is not there yet */
	const uint64_t present = span < resident ? span : resident;
	/* sequential: the threads start evenly spread */
	uint64_t next = present / cell->threads * slot;
	uint32_t *ranks = malloc(n * sizeof(*ranks));

	if (!ranks)
		return NULL;
	rm_zipf_init(&zipf, present, cell->dist_a);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t rank;

		if (span > resident &&
		        rm_unit(rm_next(&rng)) < cell->miss_share)
			rank = between(&rng, resident, span);
		else if (cell->dist == RM_DIST_ZIPF)
			rank = rm_zipf_next(&zipf, &rng);
		else if (cell->dist == RM_DIST_HOT)
			rank = hot(cell, present, &rng);
		else
			rank = next++ % present;
		ranks[i] = (uint32_t)rank;
	}
	*length = n;
	return ranks;
}
