/* SPDX-License-Identifier: Apache-2.0 */
/* plan_verify.c - adds the trials that verify a map before it is timed. */
#include "runner/plan/internal.h"
#include "runner/plan/placement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* at least 2 threads, so that they conflict; at most 16, so that they are fast
   even if they share a CPU */
enum { VERIFY_THREADS_MIN = 2, VERIFY_THREADS_MAX = 16 };

static bool is_verified(const struct rm_plan *plan, const struct rm_cell *cell)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *other = &plan->cells[i].cell;

		if (other->measure == RM_MEASURE_VERIFY &&
		        other->write_kind == cell->write_kind &&
		        !strcmp(rm_cell_shape_name(other),
		                rm_cell_shape_name(cell)) &&
		        !strcmp(other->map, cell->map))
			return true;
	}
	return false;
}

static unsigned verify_threads(const struct rm_map_info *map,
        enum rm_write_kind kind, const struct rm_topology *topology)
{
	/* exchange is not atomic in these maps */
	if (map->caps &
	        (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT | RM_CAP_SINGLE_WRITER))
		return 1;
	/* with two writers, the sum of removed keys is not exact */
	if (map->caps & RM_CAP_INEXACT_RETURNS && kind != RM_UPDATE)
		return 1;
	if (topology->cpus > VERIFY_THREADS_MAX)
		return VERIFY_THREADS_MAX;
	return topology->cpus < VERIFY_THREADS_MIN ? VERIFY_THREADS_MIN
	                                           : topology->cpus;
}

static int place_as_cores(
        const struct rm_planning *planning, struct rm_cell *cell)
{
	const struct rm_placement cores = { RM_PLACE_CORES, 0 };

	cell->cpus = calloc(cell->threads, sizeof(*cell->cpus));
	cell->cpu_count = cell->threads;
	if (!cell->cpus)
		return rm_error_set(planning->error, -ENOMEM, "out of memory");
	return rm_placement_choose(planning->topology, &cores, cell->threads,
	        cell->cpus, planning->error);
}

/* Adds a cell that verifies a map. All threads exchange all keys (write share
   1, few keys). A map that loses updates under contention fails in one such
   trial, for any size, loop and placement of the timed cells. */
static int add_verify(struct rm_planning *planning,
        const struct rm_workload *workload, const struct rm_cell *timed)
{
	const struct rm_map_info *map = rm_plan_map(planning, timed->map);
	struct rm_cell cell = {
		.shape = timed->shape,
		.str_bytes = timed->str_bytes,
		.keys = RM_VERIFY_KEYS,
		.write_share = 1,
		.write_kind = timed->write_kind,
		.dist = RM_DIST_UNIFORM,
		.loop = { .kind = RM_LOOP_MIX },
		.threads = verify_threads(
		        map, timed->write_kind, planning->topology),
		.placement = "cores",
		.memory = "first-touch",
		.presize = true,
		.deadline_ns = workload->values[0].deadline_ns,
		.verify_ops = workload->values[0].verify_ops,
		.measure = RM_MEASURE_VERIFY,
		.blocks = 1,
	};
	int failed = place_as_cores(planning, &cell);

	if (failed) {
		free(cell.cpus);
		return failed;
	}
	memcpy(cell.workload, timed->workload, sizeof(cell.workload));
	memcpy(cell.map, timed->map, sizeof(cell.map));
	if (map->caps & RM_CAP_NO_STATE)
		snprintf(cell.skip, sizeof(cell.skip),
		        "this map holds nothing that could be verified");
	return rm_plan_add(planning, &cell, workload->values[0].base);
}

/* True if the cell's map must be verified. Does not depend on working counters
   or sufficient memory. Otherwise the ids of verify cells, and lists of cells,
   would differ between machines, and between a plan, which tests no counters,
   and its run. */
static bool needs_verification(const struct rm_cell *cell)
{
	return !cell->skip[0] ||
	       !strncmp(cell->skip, RM_NO_COUNTERS, strlen(RM_NO_COUNTERS)) ||
	       rm_plan_is_beyond_limit(cell->skip);
}

int rm_plan_verify(struct rm_planning *planning,
        const struct rm_workload *workload, size_t first)
{
	size_t end = planning->plan->cell_count;

	for (size_t i = first; i < end; i++) {
		/* a copy, since rm_plan_add() may move all cells */
		struct rm_cell cell = planning->plan->cells[i].cell;
		int failed = 0;

		if (needs_verification(&cell) &&
		        rm_plan_map(planning, cell.map)->is_map &&
		        !is_verified(planning->plan, &cell))
			failed = add_verify(planning, workload, &cell);
		if (failed)
			return failed;
	}
	return 0;
}
