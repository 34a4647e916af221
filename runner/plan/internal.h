/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private to the plan: what its files share while it grows. */
#ifndef RM_PLAN_INTERNAL_H
#define RM_PLAN_INTERNAL_H

#include "runner/machine/machine.h"
#include "runner/plan/plan.h"

enum { RM_VERIFY_KEYS = 64, RM_CELLS_MAX = 200000 };

/* How the reason of a cell begins that only lacks hardware counters. */
#define RM_NO_COUNTERS "no counters: "

/* The plan that grows, and what it is made from. */
struct rm_planning {
	struct rm_plan *plan;
	const struct rm_topology *topology;
	const struct rm_plan_options *options;
	const struct rm_catalog *catalog;
	uint64_t available_bytes; /* 0: not known */
	size_t cell_room, same_room;
	/* Open addressing over plan->cells, by what they do rather than by
	   their names: index + 1, or 0. */
	size_t *table;
	size_t table_size;                  /* a power of two, or 0 */
	const struct rm_plan_trace *traces; /* of the workload at hand */
	struct rm_error *error;
};

/*
 * Which maps a workload runs on: chosen[i] for the catalog's maps[i]. -EINVAL if a
 * name fits no map of the tree, and if a map is chosen whose program is not
 * built although its libraries are there.
 */
int rm_plan_choose_maps(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen);

/* Adds every cell of one workload but the verify cells. */
int rm_plan_expand(
        struct rm_planning *planning, const struct rm_workload *workload);

/*
 * Adds the verify cells that the cells from `first` on need and that are not
 * there yet: one per map, shape and write kind of the whole campaign.
 */
int rm_plan_verify(struct rm_planning *planning,
        const struct rm_workload *workload, size_t first);

/* Chooses, of the cells from `first` on, the one that the A/A control of the
   workload runs, too (plan_control.c). -EINVAL if its map can have no control. */
int rm_plan_control(const struct rm_planning *planning,
        const struct rm_workload *workload, size_t first);

/* Whether the workload has an A/A control. */
bool rm_plan_has_control(const struct rm_workload *workload);

/* Puts the cells into rounds (plan_order.c). -ENOMEM. */
int rm_plan_order(struct rm_plan *plan);

/* Takes out of the plan, before it has rounds, what options->cells does not
   name (cell_list.c). -EINVAL with the line of an id that is no cell's. */
int rm_plan_restrict(struct rm_planning *planning);

/*
 * Adds a cell (its cpus change owner) unless one that does the same is there:
 * then it becomes an entry of plan->same, or nothing where the name is equal,
 * too.
 */
int rm_plan_add(
        struct rm_planning *planning, struct rm_cell *cell, const char *base);

/* The map that a cell was made from. */
const struct rm_map_info *rm_plan_map(
        const struct rm_planning *planning, const char *id);

/* Fills estimate_ns and memory_bytes. */
void rm_plan_cost(struct rm_plan_cell *planned, unsigned cpus,
        const struct rm_map_info *map);

/*
 * Traces of one workload (plan_traces.c): what its keys are, and what of them
 * goes into a cell of keys[i]. -EINVAL where one is damaged, with its line.
 */
struct rm_plan_trace {
	char file[RM_TRACE_BYTES]; /* to be opened; "" where keys are numbers */
	uint64_t operations, keys; /* keys: most at one time */
	double write_share;
	uint32_t checksum;
	bool in_place;
};
int rm_plan_traces_load(const struct rm_planning *planning,
        const struct rm_workload *workload,
        struct rm_plan_trace traces[RM_LIST_MAX]);
void rm_plan_trace_fill(const struct rm_plan_trace *trace,
        const struct rm_workload *workload, struct rm_cell *cell);

/* How long the keys of a cell take to be renewed, about; in the estimate. */
uint64_t rm_plan_renewal_ns(
        const struct rm_cell *cell, const struct rm_map_info *map);

/* Keys and values of a cell, without what a map adds. */
uint64_t rm_plan_payload_bytes(const struct rm_cell *cell);
/* With about as much as most maps add. */
uint64_t rm_plan_keys_bytes(const struct rm_cell *cell);

/*
 * Cells on a simulated machine: what one costs this machine, whether a choice
 * is another cell at all, and cell->skip where it cannot be run.
 */
uint64_t rm_plan_simulated_ns(const struct rm_cell *cell, bool slow_writes);
uint64_t rm_plan_simulated_bytes(const struct rm_cell *cell);
bool rm_plan_simulated_makes_sense(const unsigned *at);
void rm_plan_simulated_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell);

/* Whether this kind of loop is anything for this subject (plan_judge.c). */
bool rm_plan_suits(const struct rm_map_info *map, enum rm_loop_kind kind);

/* cell->skip: why this map does not run this cell, or "" (plan_judge.c). */
void rm_plan_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell);

/* Totals over all blocks, from cells and blocks. */
void rm_plan_total(struct rm_plan *plan);

/*
 * Reads a file of workloads/modes/ and its workloads (DIR/../NAME.conf, DIR
 * the mode's folder) into zeroed *mode (mode.c); `overrides` (--set) come
 * after those of the mode. Free with rm_inputs_clear(), also after an error.
 */
int rm_mode_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_inputs *mode, struct rm_error *error);

/*
 * Makes the mode's workload `touched`, which is there for maps that somebody
 * works on alone, one of its base and of `touched` (ids separated by commas or
 * blanks); NULL takes it out. -ENOENT where there is none, -EINVAL for a list
 * that is too long.
 */
int rm_mode_fit_touched(
        struct rm_inputs *mode, const char *touched, struct rm_error *error);

/* --- workload.c, workload_check.c ---------------------------------------- */

/*
 * Reads a file, its includes, then the overrides in order. Fills a zeroed
 * *workload, to be freed with rm_workload_clear() also after an error.
 */
int rm_workload_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_workload *workload,
        struct rm_error *error);

/* The same from `length` bytes; `file` is its name. */
int rm_workload_parse(const char *file, const char *text, size_t length,
        const struct rm_override *overrides, size_t override_count,
        struct rm_workload *workload, struct rm_error *error);

/* The base name of a file without .conf, if it is fit for ids and paths;
   else -EINVAL with `error`. */
int rm_workload_name(const char *file, rm_name name, struct rm_error *error);

/* Whether a loop of this kind has what is to be measured. */
bool rm_workload_measures(enum rm_loop_kind loop, enum rm_measure measure);

/* Whether keys and operations are those of traces (keys = file:...). */
bool rm_workload_traced(const struct rm_workload *workload);

/* Whether one of its loops draws its writes by `writes`, which must be given
   then. */
bool rm_workload_draws_writes(const struct rm_workload *workload);

/* Missing keys, and keys that do not fit each other; -EINVAL with `error`. */
int rm_workload_check(
        const struct rm_workload *workload, struct rm_error *error);

/* Whether a trace says what this key would; such keys have no preset then. */
bool rm_workload_trace_says(enum rm_workload_key key);

#endif /* RM_PLAN_INTERNAL_H */
