/* SPDX-License-Identifier: Apache-2.0 */
/* draws.c - computes which writes and keys the loops of a cell draw. */
#include "runner/protocol/protocol.h"

#include "runner/worker.h"

#include <math.h>

/* A pair of writes counts as two operations. The writes of the loops lifecycle
   (a share of the touches) and lazy (removes) are single operations. */
double rm_cell_write_decision_share(const struct rm_cell *cell)
{
	double w = cell->write_share;

	return cell->write_kind == RM_UPDATE ||
	                       cell->loop.kind == RM_LOOP_LIFECYCLE ||
	                       cell->loop.kind == RM_LOOP_LAZY
	               ? w
	               : w / (2 - w);
}

uint32_t rm_cell_write_threshold(const struct rm_cell *cell)
{
	const double below = rm_cell_write_decision_share(cell) * 0x1p32;

	return below >= UINT32_MAX ? UINT32_MAX : (uint32_t)below;
}

uint64_t rm_cell_rank_count(const struct rm_cell *cell)
{
	if (cell->write_kind == RM_FRESH && cell->write_share > 0)
		return rm_fresh_span(cell->keys, cell->threads);
	return (uint64_t)llround((double)cell->keys / (1 - cell->miss_share));
}

uint64_t rm_stream_length(const struct rm_cell *cell)
{
	const uint64_t ranks = rm_cell_rank_count(cell);
	uint64_t length = 1 << 20;

	while (length > 4096 && length * cell->threads * 4 > 64 << 20)
		length /= 2;
	while (length < 1 << 30 && length * cell->threads < ranks)
		length *= 2;
	return length;
}

/* Integral of x^-theta, in a form that is numerically stable near theta = 1. */
static double integral(double theta, double x)
{
	double log_x = log(x), t = (1 - theta) * log_x;

	return (fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * log_x;
}

double rm_zipf_mass(double theta, uint64_t from, uint64_t to)
{
	return to - from == 1 ? pow((double)to, -theta)
	                      : integral(theta, (double)to + 0.5) -
	                                integral(theta, (double)from + 0.5);
}

double rm_count_hot_keys(const struct rm_cell *cell, double keys)
{
	return fmin(ceil(cell->dist_a * keys * (1 - 0x1p-50)), keys);
}

static double zipf_top_share(double theta, uint64_t keys)
{
	const uint64_t first = keys < RM_SKEW_RANGES ? keys : RM_SKEW_RANGES;
	double all = keys > first ? rm_zipf_mass(theta, first, keys) : 0;

	for (uint64_t rank = first; rank > 0; rank--)
		all += rm_zipf_mass(theta, rank - 1, rank);
	return 1 / all;
}

double rm_cell_top_key_share(const struct rm_cell *cell)
{
	const uint64_t span = rm_cell_rank_count(cell);
	const uint64_t present = span < cell->keys ? span : cell->keys;
	const double keys = (double)present,
	             hot = rm_count_hot_keys(cell, keys);

	if (cell->dist == RM_DIST_ZIPF)
		return zipf_top_share(cell->dist_a, present);
	if (cell->dist == RM_DIST_HOT && hot < keys)
		return fmax(
		        cell->dist_b / hot, (1 - cell->dist_b) / (keys - hot));
	return 1 / (cell->dist == RM_DIST_HOT ? keys : (double)cell->keys);
}
