/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private header, shared by the files of this module. */
#ifndef RM_PLAN_INTERNAL_H
#define RM_PLAN_INTERNAL_H

#include "runner/machine/machine.h"
#include "runner/plan/placement.h"
#include "runner/plan/plan.h"

enum { RM_VERIFY_KEYS = 64, RM_CELLS_MAX = 200000 };

/* Prefix of a skip reason that users can remove by changing this machine, like
   RM_BEYOND_LIMIT. */
#define RM_NO_COUNTERS "no counters: "

/* A plan under construction, and its inputs. */
struct rm_planning {
	struct rm_plan *plan;
	const struct rm_topology *topology;
	struct rm_numa numa;
	const struct rm_plan_options *options;
	const struct rm_catalog *catalog;
	struct rm_limits limits;
	size_t cell_capacity, same_capacity;
	/* Hash table with open addressing. It finds a cell of plan->cells by
	   its factors, not by its name. Contains index + 1, or 0 if free. */
	size_t *table;
	size_t table_size;                  /* a power of two, or 0 */
	const struct rm_plan_trace *traces; /* traces of the current workload */
	struct rm_error *error;
};

/* Selects the maps of a workload: sets chosen[i] for the catalog's maps[i].
   Returns 0; -EINVAL if a name matches no map of the source tree, or if a
   selected map is not built although it could be. */
int rm_plan_choose_maps(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen);

/* Returns -EINVAL if the plan has no cell for a name in --maps, except if the
   library of that map is missing. `where` is the source of the workload's
   maps. */
int rm_plan_check_filter(const struct rm_planning *planning, const char *where);

/* Sets the error of a plan without cells: a selected map is not built, or no
   map is selected. Returns -EINVAL. */
int rm_plan_explain_empty(const struct rm_planning *planning,
        const struct rm_workload *workloads, size_t workload_count);

/* Adds all cells of one workload except its verify cells. */
int rm_plan_expand(
        struct rm_planning *planning, const struct rm_workload *workload);

/* Adds the missing verify cells for the cells from index `first` on. The
   campaign has one for each map, shape and write kind. */
int rm_plan_verify(struct rm_planning *planning,
        const struct rm_workload *workload, size_t first);

/* Marks the cell that also runs as A/A control, among the cells from index
   `first` on (plan_control.c). Returns -EINVAL if its map cannot have a
   control. */
int rm_plan_control(const struct rm_planning *planning,
        const struct rm_workload *workload, size_t first);

/* True if the workload requests an A/A control. */
bool rm_plan_has_control(const struct rm_workload *workload);

/* True if the built map has the cell's kind of key and length of value. */
bool rm_plan_offers_shape(
        const struct rm_map_info *map, const struct rm_cell *cell);

/* Distributes the cells over rounds (plan_order.c). Returns 0 or -ENOMEM. */
int rm_plan_order(struct rm_plan *plan);

/* Removes the cells that options->cells does not list (cell_list.c). Call it
   before rm_plan_order(). Returns -EINVAL with the line of an unknown id. */
int rm_plan_restrict(struct rm_planning *planning);

/* Adds a cell and takes ownership of its cpus. If a cell with the same factors
   exists, adds an entry to plan->same instead; if the names are equal, too,
   adds nothing. */
int rm_plan_add(
        struct rm_planning *planning, struct rm_cell *cell, const char *base);

/* Returns the map of a cell. Never NULL for a cell of the plan. */
const struct rm_map_info *rm_plan_map(
        const struct rm_planning *planning, const char *id);

/* Sets estimate_ns and memory_bytes. `scale` is rm_plan_options.cost_scale. */
void rm_plan_cost(struct rm_plan_cell *planned, unsigned cpus,
        const struct rm_map_info *map, double scale);

/* Properties of a trace of a workload. rm_plan_traces_load() in plan_traces.c
   returns -EINVAL with the line if a trace is damaged. */
struct rm_plan_trace {
	char file[RM_TRACE_BYTES]; /* path; "" if the keys are numbers */
	uint64_t operations, keys; /* keys: maximum at one time */
	double write_share;
	uint32_t checksum;
	bool in_place;
};
int rm_plan_traces_load(const struct rm_planning *planning,
        const struct rm_workload *workload,
        struct rm_plan_trace traces[RM_LIST_MAX]);
void rm_plan_trace_fill(const struct rm_plan_trace *trace,
        const struct rm_workload *workload, struct rm_cell *cell);

/* Returns the estimated time to renew all keys of a cell (factor settle). */
uint64_t rm_plan_renewal_ns(
        const struct rm_cell *cell, const struct rm_map_info *map);

/* Returns the estimated time of the last writes of warm-up and window. It is 0
   unless the map copies all keys at each write. */
uint64_t rm_plan_copies_ns(
        const struct rm_cell *cell, const struct rm_map_info *map);

/* Returns the bytes of keys and values, without the map's overhead. */
uint64_t rm_plan_payload_bytes(const struct rm_cell *cell);
/* Returns the bytes of keys and values, with the overhead of a typical map. */
uint64_t rm_plan_keys_bytes(const struct rm_cell *cell);

/* For cells on a simulated machine: the time and memory that they need on the
   real machine; whether a combination of values is a distinct cell; and
   cell->skip if the cell cannot run. */
uint64_t rm_plan_simulated_ns(
        const struct rm_cell *cell, const struct rm_map_info *map);
uint64_t rm_plan_simulated_bytes(const struct rm_cell *cell);
bool rm_plan_simulated_is_distinct(const unsigned *at);
void rm_plan_simulated_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell);

/* True if the map or technique can run this kind of loop (plan_judge.c). */
bool rm_plan_has_loop(const struct rm_map_info *map, enum rm_loop_kind kind);

/* Sets cell->skip to the reason why the map cannot run the cell, or to "". */
void rm_plan_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell);

/* If a trial of the cell needs more memory or threads than are left, sets
   cell.skip to the reason and `waits` to `can_wait`. */
void rm_plan_judge_limits(struct rm_plan_cell *planned,
        const struct rm_map_info *map, const struct rm_limits *limits,
        bool can_wait);

/* Computes the totals of the plan from its cells and rounds. */
void rm_plan_total(struct rm_plan *plan);

/* Reads a file of workloads/modes/ and its workloads (DIR/../NAME.conf, DIR
   being the mode's folder) into zeroed *mode (mode.c). Applies `overrides`
   (--set) after those of the mode. Free with rm_inputs_clear(), even after an
   error. */
int rm_mode_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_inputs *mode, struct rm_error *error);

/* Restricts the mode's workload `touched` to its base and the maps in `touched`
   (ids separated by commas or blanks); NULL removes the workload. Returns
   -ENOENT if the mode has no such workload, and -EINVAL if the list is too
   long. */
int rm_mode_set_touched(
        struct rm_inputs *mode, const char *touched, struct rm_error *error);

/* --- workload.c, workload_check.c ---------------------------------------- */

/* Reads a file and the files that it includes, then applies the overrides in
   order. Fills a zeroed *workload. Free with rm_workload_clear(), even after an
   error. */
int rm_workload_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_workload *workload,
        struct rm_error *error);

/* Like rm_workload_load(), but reads `length` bytes of `text`. `file` is the
   name for messages. */
int rm_workload_parse(const char *file, const char *text, size_t length,
        const struct rm_override *overrides, size_t override_count,
        struct rm_workload *workload, struct rm_error *error);

/* Formats " (did you mean NAME.conf?)" with the name in `folder` that is most
   similar to that of `file`; or "". If `folder` is NULL, searches the folder of
   `file`. */
enum { RM_HINT_BYTES = 256 };
const char *rm_workload_hint(
        const char *file, const char *folder, char hint[RM_HINT_BYTES]);

/* Stores the base name of a file without .conf. Returns -EINVAL with `error` if
   ids or paths cannot contain this name. */
int rm_workload_name(const char *file, rm_name name, struct rm_error *error);

/* True if the measure applies to this kind of loop. */
bool rm_workload_measures(enum rm_loop_kind loop, enum rm_measure measure);

/* True if keys and operations come from traces (keys = file:...). */
bool rm_workload_traced(const struct rm_workload *workload);

/* True if one of the workload's loops uses the key `writes`, which is then
   mandatory. */
bool rm_workload_draws_writes(const struct rm_workload *workload);

/* Checks the workload for missing and contradictory keys. Returns 0, or -EINVAL
   with `error`. */
int rm_workload_check(
        const struct rm_workload *workload, struct rm_error *error);

/* True if a trace determines the value of this key. Such a key has no
   default. */
bool rm_workload_trace_sets(enum rm_workload_key key);

#endif /* RM_PLAN_INTERNAL_H */
