/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - workloads x maps x machine -> cells in shuffled blocks; all of a
 * campaign before anything of it runs.
 *
 *	rm_topology_load(NULL, &topology, &error);
 *	rm_workload_load(file, ...);   or rm_mode_load(...)
 *	rm_plan_build(workloads, n, &topology, &options, &plan, &error);
 *	for each block b: for each i: plan.blocks[b].cells[i]
 */
#ifndef RM_PLAN_H
#define RM_PLAN_H

#include "runner/base/error.h"
#include "runner/impl_table.h"
#include "runner/plan/cell.h"
#include "runner/plan/workload.h"

#include <jansson.h>

struct rm_topology;

struct rm_plan_cell {
	struct rm_cell cell;   /* owned; cell.skip[0]: never run, and why */
	rm_name base;          /* map that ratios are named against */
	uint64_t estimate_ns;  /* of one trial, its process included */
	uint64_t memory_bytes; /* of the trial, about */
};

/* Indexes into rm_plan.cells, in running order. */
struct rm_plan_block {
	size_t *cells;
	size_t count;
};

/* A cell that is the same as another on this machine and is not run. */
struct rm_plan_same {
	char id[RM_ID_BYTES]; /* as it would have been named */
	size_t cell;          /* the one that runs for it */
};

struct rm_plan {
	uint64_t seed;
	struct rm_plan_cell *cells;
	size_t cell_count;
	/* Block 0 begins with all verify cells (which occur only there), then
	   block n holds every timed cell once whose cell.blocks > n. Skipped
	   cells are in no block. */
	struct rm_plan_block *blocks;
	unsigned block_count;
	struct rm_plan_same *same;
	size_t same_count;
	size_t trial_count;    /* of all blocks */
	uint64_t estimate_ns;  /* of all trials, one after the other */
	uint64_t memory_bytes; /* of the largest trial */
};

struct rm_plan_options {
	uint64_t seed; /* 0 .. 2^53: order and trial seeds derive from it */
	/* --maps: ids, globs and ~globs separated by blanks or commas, in
	   addition to the workloads' own `maps`; NULL: no filter */
	const char *maps;
	/* NULL: a counter back end works; else why none does, and every
	   counters cell is planned once with this as its skip */
	const char *counters_reason;
	/* Whether the map with this id can be simulated; where not, `why` gets
	   the reason. Called with `simulator`. NULL: all can. */
	bool (*can_simulate)(
	        const void *simulator, const char *map, char *why, size_t size);
	const void *simulator;
	/* MemAvailable; 0: read it from /proc/meminfo */
	uint64_t available_bytes;
	/* The maps to choose from; NULL: rm_impl_table and rm_skipped_table.
	   `skipped` ends with a NULL id. */
	const struct rm_impl *const *impls;
	size_t impl_count;
	const struct rm_skipped *skipped;
};

/*
 * Builds the plan; runs nothing. The order depends on seed and cells only.
 * Returns 0; -EINVAL with `error` (file:line: ...) for what this machine or
 * this build cannot do as written, a payload above half of the available
 * memory included; -ENOMEM. Free with rm_plan_free(), also after an error.
 * Main thread.
 */
int rm_plan_build(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_topology *topology,
        const struct rm_plan_options *options, struct rm_plan *plan,
        struct rm_error *error);

/* Seed of a trial: the same for all arms of a cell and block; <= 2^53. */
uint64_t rm_plan_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/*
 * {"seed", "cells", "order", "same"} as in results/README.md campaign.json
 * ("same": [{"id", "as": id}]), plus "estimate_ns", "memory_bytes"; per cell
 * also "estimate_ns", "memory_bytes". New reference; NULL: no memory.
 * campaign.json is this object and more members (json_object_update).
 */
json_t *rm_plan_to_json(const struct rm_plan *plan);

/* Reads it back for a resume; other members are ignored. -EINVAL with
   `error` names what is wrong. */
int rm_plan_from_json(
        const json_t *json, struct rm_plan *plan, struct rm_error *error);

/* Frees what the plan owns and empties it. */
void rm_plan_free(struct rm_plan *plan);

#endif /* RM_PLAN_H */
