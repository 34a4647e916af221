/* SPDX-License-Identifier: Apache-2.0 */
/* spread.h - computes the positions of a plan's trials from nothing but cell
   ids and running order. */
#ifndef RM_SPREAD_H
#define RM_SPREAD_H

#include "runner/plan/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_timed(const struct rm_plan *plan, size_t cell)
{
	return plan->cells[cell].cell.measure != RM_MEASURE_VERIFY;
}

/* True if two ids, WORKLOAD/MAP/REST, differ only in the map, if at all. */
static inline bool same_board(const char *a, const char *b)
{
	size_t workload = strcspn(a, "/");

	return !strncmp(a, b, workload + 1) &&
	       !strcmp(a + workload + 1 + strcspn(a + workload + 1, "/"),
	               b + workload + 1 + strcspn(b + workload + 1, "/"));
}

/* Returns the largest deviation of a trial from its ideal position: trial i of
   n should begin after (i + 0.5) / n of the time of all timed trials. The unit
   is 1 / n of that time. */
static inline double farthest_from_even(const struct rm_plan *plan)
{
	unsigned *done = calloc(plan->cell_count, sizeof(*done));
	double all_ns = 0, before_ns = 0, farthest = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (!plan->cells[i].cell.skip[0] && is_timed(plan, i))
			all_ns += (double)plan->cells[i].estimate_ns *
			          plan->cells[i].cell.blocks *
			          rm_plan_trials(&plan->cells[i].cell);
	for (unsigned r = 0; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++) {
			size_t cell = plan->rounds[r].turns[i].cell;
			double n = plan->cells[cell].cell.blocks;

			if (!is_timed(plan, cell))
				continue;
			farthest = fmax(farthest,
			        fabs(before_ns / all_ns * n - done[cell] - .5));
			/* a wrong block number counts as infinite deviation */
			if (plan->rounds[r].turns[i].block != done[cell]++)
				farthest = INFINITY;
			before_ns += (double)plan->cells[cell].estimate_ns *
			             rm_plan_trials(&plan->cells[cell].cell);
		}
	free(done);
	return farthest;
}

/* True if cells that differ only in the map run one after another in each
   round. */
static inline bool boards_run_together(const struct rm_plan *plan)
{
	for (unsigned r = 0; r < plan->round_count; r++) {
		const struct rm_plan_round *round = &plan->rounds[r];
		const char *before = "/";

		for (size_t i = 0; i < round->count; i++) {
			size_t cell = round->turns[i].cell;
			const char *id = plan->cells[cell].cell.id;

			for (size_t j = 0; j < i && !same_board(id, before);
			        j++) {
				size_t other = round->turns[j].cell;

				if (is_timed(plan, cell) &&
				        same_board(
				                id, plan->cells[other].cell.id))
					return false;
			}
			before = id;
		}
	}
	return true;
}

#endif /* RM_SPREAD_H */
