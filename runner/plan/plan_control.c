/* SPDX-License-Identifier: Apache-2.0 */
/* plan_control.c - selects the cell that also runs as A/A control
   (docs/adr/0059). */
#include "runner/plan/internal.h"

#include <errno.h>
#include <string.h>

/* Number of keys in the report's first table. */
static const uint64_t headline_keys = 64 << 10;

unsigned rm_plan_trials(const struct rm_cell *cell)
{
	return cell->has_control ? 2 : 1;
}

bool rm_plan_has_control(const struct rm_workload *workload)
{
	return workload->count[RM_KEY_CONTROL] &&
	       strcmp(workload->values[0].control, RM_NO_CONTROL) != 0;
}

/* True if the cell can be the control. Requires a CPU for each thread, since
   otherwise the control would measure the scheduler. */
static bool can_be_control(const struct rm_planning *planning,
        const struct rm_workload *workload, const struct rm_cell *cell)
{
	return !cell->skip[0] && cell->measure == RM_MEASURE_THROUGHPUT &&
	       cell->threads <= planning->topology->cpus &&
	       !strcmp(cell->map, workload->values[0].control) &&
	       !strcmp(rm_cell_flavour(cell), "plain");
}

static bool is_preferred(const struct rm_cell *cell, const struct rm_cell *best)
{
	if (!best || cell->threads != best->threads)
		return !best || cell->threads > best->threads;
	return cell->keys == headline_keys && best->keys != headline_keys;
}

int rm_plan_control(const struct rm_planning *planning,
        const struct rm_workload *workload, size_t first)
{
	struct rm_cell *best = NULL;

	if (planning->options->has_arms || !rm_plan_has_control(workload))
		return 0;
	for (size_t i = first; i < planning->plan->cell_count; i++) {
		struct rm_cell *cell = &planning->plan->cells[i].cell;

		if (can_be_control(planning, workload, cell) &&
		        is_preferred(cell, best))
			best = cell;
	}
	if (best && rm_plan_map(planning, best->map)->language)
		return rm_error_set(planning->error, -EINVAL,
		        "%s: control = %s: a program in another language, "
		        "expected %s",
		        workload->where[RM_KEY_CONTROL], best->map,
		        rm_factors[RM_KEY_CONTROL].expected);
	if (best)
		best->has_control = true;
	return 0;
}
