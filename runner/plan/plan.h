/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - public header: expands workloads into cells and shuffled rounds, for
 * the available maps and machine. The whole campaign is planned before any
 * trial runs.
 *
 *	rm_topology_load(NULL, &topology, &error);
 *	rm_inputs_load(sources, texts, n, &inputs, &error);
 *	rm_plan_build(inputs.workloads, ..., &plan, &error);
 *	for each round r: for each i: plan.rounds[r].turns[i]
 */
#ifndef RM_PLAN_H
#define RM_PLAN_H

#include "runner/base/error.h"
#include "runner/base/limits.h"
#include "runner/base/lines.h"
#include "runner/base/sha256.h"
#include "runner/catalog/catalog.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>

struct rm_topology;

/* Parsed workload files (workloads/NAME.conf). Functions return -EINVAL with
   `file:line: found, expected` for an invalid file, and another -errno for a
   file that cannot be read. docs/reference/workload-file.md lists the keys. */

/* Maximum number of values of a key, and of nested includes. */
enum { RM_LIST_MAX = 64, RM_INCLUDE_MAX = 8 };

typedef char rm_name[RM_NAME_BYTES];

/* One workload. A key with several values is a dimension of the sweep.
   values[i] contains value i of each key, in the members of that key (struct
   rm_factor), and count[RM_KEY_...] is the number of values. A key without a
   list uses values[0]. A count of 0 means that the key is not set and has no
   default. */
struct rm_workload {
	rm_name name;
	char *file; /* path from the command line or mode; owned */
	unsigned count[RM_WORKLOAD_KEYS];
	/* source of each key's value: "file:line", "--set KEY" or "default" */
	char where[RM_WORKLOAD_KEYS][RM_WHERE_BYTES];
	struct rm_cell values[RM_LIST_MAX];
};

/* A line appended to a workload: "KEY=VALUE". `where` names the line's source
   in error messages ("--set window", "modes/quick.conf:7"). If `adds`, the
   values extend the list of the previous line; otherwise they replace it. */
struct rm_override {
	const char *key;
	const char *value;
	const char *where;
	bool adds;
};

/* Returns the effective workload, after includes and overrides, as the text of
   a workload file that parses to the same values. campaign.json stores it. The
   caller frees the text; NULL: no memory. */
char *rm_workload_text(const struct rm_workload *workload);

void rm_workload_clear(struct rm_workload *workload);

/* Splits "KEY=VALUE" of --set in place. Returns 0, or -EINVAL with `error` if
   "=" is missing. `where` (RM_WHERE_BYTES) receives "--set KEY", and must
   outlive `override`. */
int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error);

/* The workloads of a command line: files, or a mode. A mode is a file of
   workloads/modes/ with workloads, overrides and a time budget. */
struct rm_inputs {
	struct rm_workload *workloads;
	size_t workload_count;
	rm_name name;       /* name of the mode, or "" */
	uint64_t budget_ns; /* time budget of the mode, or 0 */
};

/* Name of the default mode of a set. */
#define RM_SET_MODE "quick"

/* Sources of workloads. */
struct rm_sources {
	char *const *files; /* used if `mode` is NULL */
	size_t file_count;
	const char *set;  /* name of a set ("peers"), or NULL; the set's modes
	                   * are workloads/modes/SET-MODE.conf */
	const char *mode; /* name of a mode ("quick" for
	                   * workloads/modes/quick.conf in the current folder),
	                   * or a path with a slash, or NULL */
	/* Ids of changed maps, separated by commas or blanks. The mode's
	   workload `touched` runs them and its base. NULL: no maps. */
	const char *touched;
	/* from --set; applied after the lines of files and mode */
	const struct rm_override *overrides;
	size_t override_count;
};

/* Loads a mode, or files if `mode` is NULL; without both, `inputs` has no
   workloads. Free with rm_inputs_clear(), even after an error. Returns 0, or
   -errno with `error`. */
int rm_inputs_read(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error);

/* Sets the default mode RM_SET_MODE if only a set is given. Returns -EINVAL if
   a set or a mode is combined with files. */
int rm_sources_complete(struct rm_sources *sources, struct rm_error *error);

/* Like rm_inputs_read(), for a command line. `texts` are the KEY=VALUE of
   --set, in order; they are modified. Returns -EINVAL if there are neither
   files nor a mode. */
int rm_inputs_load(struct rm_sources sources, char **texts, size_t set_count,
        struct rm_inputs *inputs, struct rm_error *error);

void rm_inputs_clear(struct rm_inputs *inputs);

/* Ids of cells, from --cells-from. Zero-initialise; free with
   rm_cell_list_clear(), even after an error. */
struct rm_cell_list {
	char *file;                  /* name for messages; owned */
	json_t *lines;               /* maps an id to its line number, from 1 */
	char sha256[RM_SHA256_TEXT]; /* hash of the sorted ids */
};

/* Reads a list of ids, one per line. A comment starts with # at the start of a
   line or after a blank. Returns 0; -EINVAL with `error` "file:line: found,
   expected" for an invalid or repeated id and for an empty list; -errno if the
   file cannot be read. Any thread. */
int rm_cell_list_read(
        const char *file, struct rm_cell_list *list, struct rm_error *error);

/* Like rm_cell_list_read(), but reads `length` bytes of `text`. `file` is the
   name for messages. */
int rm_cell_list_parse(const char *file, const char *text, size_t length,
        struct rm_cell_list *list, struct rm_error *error);

void rm_cell_list_clear(struct rm_cell_list *list);

struct rm_plan_cell {
	struct rm_cell cell;   /* owned; cell.skip: why it does not run */
	rm_name base;          /* map to which ratios refer */
	uint64_t estimate_ns;  /* time of one trial, including its process */
	uint64_t unscaled_ns;  /* estimate_ns with cost_scale 1. This value is
	                          recorded, since a plan's hash must not depend
	                          on a measurement. */
	uint64_t memory_bytes; /* estimate for one trial */
	bool misuse;           /* has an injected bug, so trials may fail */
	bool waits;            /* a resume may run it (limit) */
};

/* One trial of a cell. Each arm of the cell runs it. */
struct rm_plan_turn {
	size_t cell;    /* index into rm_plan.cells */
	unsigned block; /* number of the trial in its cell: 0 .. blocks - 1 */
};

/* Turns in running order. */
struct rm_plan_round {
	struct rm_plan_turn *turns;
	size_t count;
};

/* A cell that does not run, because it equals another cell on this machine. */
struct rm_plan_duplicate {
	char id[RM_ID_BYTES]; /* id of the cell that does not run */
	size_t cell;          /* index of the cell that runs instead */
};

struct rm_plan {
	uint64_t seed;
	struct rm_plan_cell *cells;
	size_t cell_count;
	/* One round for each block of the cell with the most blocks. Round 0
	   begins with all verify cells, which are in no other round. A timed
	   cell is in n = cell.blocks rounds; its block i is in the i-th of n
	   equal parts of the campaign. Cells that differ only in the map run
	   one after another (docs/adr/0056). Skipped cells are in no round, but
	   cells that wait for a limit are in the last rounds. */
	struct rm_plan_round *rounds;
	unsigned round_count;
	struct rm_plan_duplicate *same;
	size_t same_count;
	/* placements and memory policies that were omitted because this process
	   has no NUMA node for them; "": no cell was omitted */
	char left_out[RM_REASON_BYTES];
	size_t trial_count;    /* in all rounds, including the A/A control */
	uint64_t estimate_ns;  /* sum of all trials */
	uint64_t memory_bytes; /* maximum of all trials */
};

struct rm_plan_options {
	uint64_t seed; /* 0 to 2^53; determines order and seeds of trials */
	/* --maps: ids, globs and ~globs, separated by blanks or commas. They
	   filter the maps that the workloads select. NULL: no filter. */
	const char *maps;
	/* Limits the plan to these cells; NULL: all cells. Verify cells must be
	   listed, too. An id in plan.same selects the cell that runs instead. A
	   cell keeps its `base` even if the base is not selected; the report
	   then has no ratio. An unknown id is an error with its line. */
	const struct rm_cell_list *cells;
	bool has_arms; /* --arms are given; they replace the A/A control */
	/* Reason why no counter back end works; all cells with measure =
	   counters are skipped for this reason. NULL: one works. */
	const char *counters_reason;
	/* True if the map can be simulated. Otherwise stores the reason in
	   `why`. NULL: all maps can be simulated. */
	bool (*can_simulate)(const char *map, char *why, size_t size);
	/* Returns 0 if the simulated machine exists; otherwise -errno with
	   `error`, which lists the existing ones. NULL: accept any name. */
	int (*find_machine)(const char *name, struct rm_error *error);
	/* Memory and threads that a trial may use. NULL: rm_limits_read(). */
	const struct rm_limits *limits;
	const struct rm_catalog *catalog; /* the maps to select from */
	/* from rm_plan_measure_cost_scale(); 0 means 1 */
	double cost_scale;
};

/* Returns the time that this machine needs to set up a trial, relative to the
   machine of plan_cost.c. Fills and searches tables of 4 MiB, which takes about
   30 ms. Returns 1 if `topology` describes another machine. Any thread. */
double rm_plan_measure_cost_scale(const struct rm_topology *topology);

/* Builds the plan, without running trials. The order depends only on the seed
   and the cells. Cells that need more memory or threads than are left are
   skipped. Returns 0; -EINVAL with `error` (file:line: ...) if this machine or
   build cannot run the workload; -ENOMEM. Free with rm_plan_free(), even after
   an error. Main thread. */
int rm_plan_build(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_topology *topology,
        const struct rm_plan_options *options, struct rm_plan *plan,
        struct rm_error *error);

/* True if a cell with the skip reason `reason` is beyond a limit. `reason` may
   be NULL. */
bool rm_plan_is_beyond_limit(const char *reason);

/* Returns -ENOMEM or -EAGAIN if a trial needs more memory or threads than are
   left, with the limit in `reason`. `more_tasks` is added to the cell's
   threads. */
int rm_plan_check_limits(const struct rm_plan_cell *planned,
        unsigned more_tasks, const struct rm_limits *limits,
        char reason[RM_REASON_BYTES]);

/* For a resume. If no waiting cell is beyond a limit now, or if `has_begun` is
   true, lets all waiting cells run. Otherwise updates their reasons. Either all
   or none of them run, since rounds have a fixed order. With `has_begun`, the
   catalog may be NULL. */
void rm_plan_run_waiting(
        struct rm_plan *plan, const struct rm_catalog *catalog, bool has_begun);

/* If the plan skips every cell that measures, returns the first reason.
   Otherwise returns NULL. */
const char *rm_plan_measures_nothing(const struct rm_plan *plan);

/* True if the plan compares two or more maps, but every comparison has too few
   blocks for an interval. `text` then receives the necessary number of
   blocks. */
bool rm_plan_lacks_blocks(const struct rm_plan *plan,
        const struct rm_catalog *catalog, char text[RM_REASON_BYTES]);

/* Returns the number of trials per block of a cell: 2 with an A/A control,
   otherwise 1. */
unsigned rm_plan_trials(const struct rm_cell *cell);

/* Flavour of the A/A control's programs (docs/adr/0059). */
#define RM_FLAVOUR_CONTROL "aa"

/* `flavour` is from rm_cell_flavour(), or RM_FLAVOUR_CONTROL. */
typedef void rm_plan_visit(void *context, const char *map,
        enum rm_measure measure, const char *flavour);

/* Calls `visit` for each map that these workloads and `maps` select and that
   can be built, with each measure and flavour of the workload. Reads only the
   names in the catalog, not the map programs. May repeat a call, and may pass a
   flavour that the map does not have. `maps` is as in rm_plan_options. Returns
   -EINVAL with `error` for an unknown map. Any thread. */
int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_catalog *catalog, const char *maps,
        rm_plan_visit *visit, void *context, struct rm_error *error);

/* Returns the cell that verifies the map of a timed cell, for its shape and
   write kind. NULL: the plan does not have the cell (options.cells), the cell
   is skipped, or the map is stateless. */
const struct rm_cell *rm_plan_verification(
        const struct rm_plan *plan, const struct rm_cell *cell);

/* Returns the seed of a trial, at most 2^53. In one block, it is equal for all
   arms, and for all cells that differ only in the map. */
uint64_t rm_plan_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/* Returns the seed for properties that differ between maps: the order of arms
   and the padding of the environment. Earlier versions used it as the seed of
   trials, too. */
uint64_t rm_plan_layout_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/* Returns a new reference to {"seed", "cells", "order", "same"} as in
   campaign.json (results/README.md), with "estimate_ns" and "memory_bytes" of
   the plan and of each cell. "same" is [{"id", "as": id}]. campaign.json has
   more members. NULL: no memory. */
json_t *rm_plan_to_json(const struct rm_plan *plan);

/* Reads a plan for a resume, and ignores other members. Returns 0, or -EINVAL
   with `error`, which names the invalid member. */
int rm_plan_from_json(
        const json_t *json, struct rm_plan *plan, struct rm_error *error);

void rm_plan_free(struct rm_plan *plan);

#endif /* RM_PLAN_H */
