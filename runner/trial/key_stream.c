/* SPDX-License-Identifier: Apache-2.0 */
/* key_stream.c - generates ranks of non-uniform distributions: zipf, hot,
   sequential. */
#include "runner/trial/internal.h"

#include "runner/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The last range contains the absent ranks. */
enum { ABSENT = RM_SKEW_RANGES - 1 };

/* Makes ranges with a width of 1/steepness of their start, but at least 1.
   Returns false if there would be too many ranges. */
static bool set_ranges(struct rm_skew *skew, uint64_t steepness)
{
	uint64_t from = 0;
	int i = 0;

	for (; i < ABSENT && from < skew->present; i++) {
		skew->start[i] = (uint32_t)from;
		from += from / steepness ? from / steepness : 1;
		if (from > skew->present)
			from = skew->present;
	}
	for (int rest = i; rest <= ABSENT; rest++)
		skew->start[rest] = (uint32_t)skew->present;
	return from == skew->present;
}

static void set_zipf(
        struct rm_skew *skew, double theta, double mass[RM_SKEW_RANGES])
{
	uint64_t steepness = RM_SKEW_RANGES;

	while (!set_ranges(skew, steepness))
		steepness = steepness * 15 / 16;
	for (int i = 0; i < ABSENT; i++)
		mass[i] = skew->start[i + 1] > skew->start[i]
		                  ? rm_zipf_mass(theta, skew->start[i],
		                            skew->start[i + 1])
		                  : 0;
}

/* hot:A:B - the first share A of the ranks gets a share B of the draws. */
static void set_hot(struct rm_skew *skew, const struct rm_cell *cell,
        double mass[RM_SKEW_RANGES])
{
	const double n = (double)skew->present;
	const double edge = rm_count_hot_keys(cell, n);

	for (int i = 1; i <= ABSENT; i++)
		skew->start[i] = (uint32_t)(i == 1 ? edge : n);
	mass[0] = edge < n ? cell->dist_b : 1;
	mass[1] = 1 - mass[0];
}

/* Computes integer weights, so that programs in other languages compute the
   same weights. The heaviest range gets the rounding error. */
static void set_weights(struct rm_skew *skew, double absent_share,
        const double mass[RM_SKEW_RANGES])
{
	uint64_t left = UINT64_C(1) << 32;
	double whole, sum = 0;
	int heaviest = 0;

	skew->weight[ABSENT] = (uint64_t)floor(absent_share * 0x1p32 + 0.5);
	left -= skew->weight[ABSENT];
	whole = (double)left;
	for (int i = 0; i < ABSENT; i++) {
		sum += mass[i];
		if (mass[i] > mass[heaviest])
			heaviest = i;
	}
	for (int i = 0; i < ABSENT; i++) {
		skew->weight[i] = (uint64_t)floor(mass[i] / sum * whole + 0.5);
		left -= skew->weight[i];
	}
	skew->weight[heaviest] += left;
}

/* Builds the table of the alias method (Walker 1977, Vose 1991), with a slot of
   size RM_SKEW_UNIT for each range. A heavy range gets the unused part of a
   light range's slot. */
static void set_splits(struct rm_skew *skew)
{
	uint64_t weight[RM_SKEW_RANGES];
	uint32_t light[RM_SKEW_RANGES], heavy[RM_SKEW_RANGES];
	unsigned lights = 0, heavies = 0;

	for (uint32_t i = 0; i < RM_SKEW_RANGES; i++) {
		weight[i] = skew->weight[i];
		skew->split[i] = i;
		if (weight[i] < RM_SKEW_UNIT)
			light[lights++] = i;
		else
			heavy[heavies++] = i;
	}
	while (lights) {
		const uint32_t i = light[--lights], from = heavy[heavies - 1];

		skew->split[i] = (uint32_t)weight[i] << RM_SKEW_BITS | from;
		weight[from] -= RM_SKEW_UNIT - weight[i];
		if (weight[from] < RM_SKEW_UNIT)
			light[lights++] = heavy[--heavies];
	}
}

static void set_permutation(struct rm_skew *skew, uint64_t seed)
{
	unsigned bits = 0;

	while (UINT64_C(1) << bits < skew->present)
		bits++;
	skew->mask = (UINT64_C(1) << bits) - 1;
	skew->shift = (bits + 1) / 2;
	for (unsigned round = 0; round < 3; round++)
		skew->key[round] = rm_seed(seed, round) & skew->mask;
}

static bool draws_keys(const struct rm_cell *cell)
{
	return !cell->trace[0] && cell->measure != RM_MEASURE_VERIFY;
}

bool rm_skew_applies(const struct rm_cell *cell)
{
	return draws_keys(cell) &&
	       (cell->dist == RM_DIST_ZIPF || cell->dist == RM_DIST_HOT);
}

bool rm_stream_applies(const struct rm_cell *cell)
{
	return draws_keys(cell) && cell->dist == RM_DIST_SEQUENTIAL;
}

/* Returns the number of ranks that have a key. With fresh writes, returns the
   number of ranks that are drawn. */
static uint64_t present_of(uint64_t resident, uint64_t span)
{
	return span < resident ? span : resident;
}

void rm_skew_init(struct rm_skew *skew, const struct rm_cell *cell,
        uint64_t resident, uint64_t span, uint64_t seed)
{
	double mass[RM_SKEW_RANGES] = { 0 };

	memset(skew, 0, sizeof(*skew));
	skew->present = present_of(resident, span);
	if (cell->dist == RM_DIST_ZIPF)
		set_zipf(skew, cell->dist_a, mass);
	else
		set_hot(skew, cell, mass);
	skew->start[RM_SKEW_RANGES] =
	        (uint32_t)(span > resident ? span : skew->present);
	set_weights(skew, span > resident ? cell->miss_share : 0, mass);
	set_splits(skew);
	set_permutation(skew, seed);
}

uint32_t *rm_stream_create(const struct rm_cell *cell, unsigned slot,
        uint64_t resident, uint64_t span, uint64_t seed, uint64_t *length)
{
	uint64_t rng = rm_seed(seed, slot), n = rm_stream_length(cell);
	const uint64_t present = present_of(resident, span);
	/* sequential: the starts of the threads are evenly spaced */
	uint64_t next = present / cell->threads * slot;
	uint32_t *ranks = malloc(n * sizeof(*ranks));

	if (!ranks)
		return NULL;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t rank;

		if (span > resident &&
		        rm_unit(rm_next(&rng)) < cell->miss_share)
			rank = resident +
			       rm_below(rm_next(&rng), span - resident);
		else
			rank = next++ % present;
		ranks[i] = (uint32_t)rank;
	}
	*length = n;
	return ranks;
}
