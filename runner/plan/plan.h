/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - public header of the plan: expands workloads, for the available maps
 * and machine, into cells and shuffled rounds. Plans a whole campaign before
 * any trial runs.
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

/* Workload files (workloads/NAME.conf), parsed. For an invalid file, functions
   return -EINVAL with `file:line: found, expected`; for a file that cannot be
   read, its -errno. docs/reference/workload-file.md lists the keys. */

/* Maximum numbers of values of one key and of nested includes. */
enum { RM_LIST_MAX = 64, RM_INCLUDE_MAX = 8 };

typedef char rm_name[RM_NAME_BYTES];

/* One workload. values[i] has value i of each key, in the members of that key
   (struct rm_factor). Lists are dimensions of the sweep; count[RM_KEY_...] is
   their length. Keys that are not lists use values[0]. A count of 0 means that
   the key is unset and has no default. */
struct rm_workload {
	rm_name name;
	char *file; /* as given; owned */
	unsigned count[RM_WORKLOAD_KEYS];
	/* source of each key's value: "file:line", "--set KEY", "default" */
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

/* The effective workload, after includes and overrides, as the text of a
   workload file that parses to the same values; campaign.json stores it. Owned
   by the caller; NULL if memory runs out. */
char *rm_workload_text(const struct rm_workload *workload);

void rm_workload_clear(struct rm_workload *workload);

/* Splits "KEY=VALUE" of --set in place; -EINVAL with `error` if "=" is missing.
   `where` (RM_WHERE_BYTES) receives "--set KEY" and must outlive `override`. */
int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error);

/* The workloads that a command line selects: files, or a mode. A mode is a file
   of workloads/modes/ with workloads, overrides and a time budget. */
struct rm_inputs {
	struct rm_workload *workloads;
	size_t workload_count;
	rm_name name;       /* of the mode; "" if there is none */
	uint64_t budget_ns; /* of the mode; 0 if there is none */
};

/* The default mode of a set. */
#define RM_SET_MODE "quick"

/* Sources of workloads. */
struct rm_sources {
	char *const *files; /* used if `mode` is NULL */
	size_t file_count;
	const char *set;  /* a name ("peers") or NULL; its modes are
			   * workloads/modes/SET-MODE.conf */
	const char *mode; /* a name ("quick": workloads/modes/quick.conf in the
			   * current folder), a path with a slash, or NULL */
	/* Ids of changed maps, separated by commas or blanks, which the mode's
	   workload `touched` runs next to its base; NULL: none. */
	const char *touched;
	/* from --set, applied after the lines of the files and the mode */
	const struct rm_override *overrides;
	size_t override_count;
};

/* Loads a mode, or files if `mode` is NULL. Neither gives zero workloads. Fills
   inputs; free with rm_inputs_clear(), even after an error. -errno with
   `error`. */
int rm_inputs_read(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error);

/* Sets the default mode RM_SET_MODE for --set NAME. Returns -EINVAL if a set or
   a mode is combined with files. */
int rm_sources_complete(struct rm_sources *sources, struct rm_error *error);

/* The same for a command line: `texts` are the KEY=VALUE of --set, in order,
   and are modified. -EINVAL if there are neither files nor a mode. */
int rm_inputs_load(struct rm_sources sources, char **texts, size_t set_count,
        struct rm_inputs *inputs, struct rm_error *error);

void rm_inputs_clear(struct rm_inputs *inputs);

/* Ids of cells to plan, from --cells-from. Zero-initialise; free with
   rm_cell_list_clear(), even after an error. */
struct rm_cell_list {
	char *file;                  /* name for messages; owned */
	json_t *lines;               /* id -> line number, from 1 */
	char sha256[RM_SHA256_TEXT]; /* of the sorted ids, a newline after
	                                each */
};

/* Reads a list of ids, one per line; # at the start of a line or after a blank
   starts a comment. Returns -EINVAL with `error` "file:line: found, expected"
   for an invalid or repeated id and for an empty list; -errno if the file
   cannot be read. Any thread. */
int rm_cell_list_read(
        const char *file, struct rm_cell_list *list, struct rm_error *error);

/* The same for a text of `length` bytes; `file` is its name in messages. */
int rm_cell_list_parse(const char *file, const char *text, size_t length,
        struct rm_cell_list *list, struct rm_error *error);

void rm_cell_list_clear(struct rm_cell_list *list);

struct rm_plan_cell {
	struct rm_cell cell;   /* owned; cell.skip: why it does not run */
	rm_name base;          /* map to which ratios refer */
	uint64_t estimate_ns;  /* of one trial with its process */
	uint64_t unscaled_ns;  /* the same with cost_scale 1: recorded, since a
	                          plan's hash must not vary with a measurement */
	uint64_t memory_bytes; /* estimate for one trial */
	bool misuse;           /* an injected bug: trials may fail */
	bool waits;            /* skipped for a limit; a resume may run it */
};

/* One trial of a cell, run by each of its arms. */
struct rm_plan_turn {
	size_t cell;    /* index into rm_plan.cells */
	unsigned block; /* number of the trial in its cell: 0 .. blocks - 1 */
};

/* In running order. */
struct rm_plan_round {
	struct rm_plan_turn *turns;
	size_t count;
};

/* A cell that does not run, because it equals another one on this machine. */
struct rm_plan_duplicate {
	char id[RM_ID_BYTES]; /* the id that the cell would have */
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
	   one after another (docs/adr/0056). Skipped cells are in no round,
	   except that the cells that wait for a limit have the last rounds. */
	struct rm_plan_round *rounds;
	unsigned round_count;
	struct rm_plan_duplicate *same;
	size_t same_count;
	/* placements and memories of the cells that were left out, because
	   this process has no NUMA node for them; "" if no cell was left out */
	char left_out[RM_REASON_BYTES];
	size_t trial_count;    /* in all rounds, including the A/A control */
	uint64_t estimate_ns;  /* of all trials, one after another */
	uint64_t memory_bytes; /* of the largest trial */
};

struct rm_plan_options {
	uint64_t seed; /* 0 to 2^53; determines order and seeds of trials */
	/* --maps: ids, globs and ~globs separated by blanks or commas, applied
	   in addition to the workloads' `maps`; NULL: no filter */
	const char *maps;
	/* Limits the plan to these cells; verify cells must be listed, too. An
	   id in plan.same selects the cell that runs in its place. `base` of a
	   cell is kept even if the base is not selected; then the report has no
	   ratio, as with `maps`. An unknown id is an error, reported with its
	   line. NULL: all cells */
	const struct rm_cell_list *cells;
	bool has_arms; /* --arms are given; they replace the A/A control */
	/* NULL: a counter back end works; otherwise why none does, the reason
	   with which all cells with measure = counters are skipped */
	const char *counters_reason;
	/* Returns whether the map can be simulated; if not, stores the reason
	   in `why`, like rm_map_has_sim_program(). NULL: all maps can. */
	bool (*can_simulate)(const char *map, char *why, size_t size);
	/* Returns 0 if the simulated machine exists; otherwise -errno with
	   `error`, which lists the existing ones. NULL: accept any name. */
	int (*find_machine)(const char *name, struct rm_error *error);
	/* Memory and threads that a trial may use; NULL: calls
	   rm_limits_read() */
	const struct rm_limits *limits;
	const struct rm_catalog *catalog; /* the maps to select from */
	/* rm_plan_measure_cost_scale(); 0: 1 */
	double cost_scale;
};

/* Returns the time that this machine needs to set up a trial, relative to the
   machine of plan_cost.c. Fills and searches tables of 4 MiB, which takes about
   30 ms. 1 if `topology` is of another machine. Any thread. */
double rm_plan_measure_cost_scale(const struct rm_topology *topology);

/* Builds the plan; runs nothing. The order depends only on seed and cells.
   Cells that need more memory or threads than are left are skipped. Returns 0;
   -EINVAL with `error` (file:line: ...) if this machine or build cannot run the
   workload; -ENOMEM. Free with rm_plan_free(), even after an error. Main
   thread. */
int rm_plan_build(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_topology *topology,
        const struct rm_plan_options *options, struct rm_plan *plan,
        struct rm_error *error);

/* True for the reason of a cell that is skipped because of a limit; `reason` may
   be NULL. */
bool rm_plan_is_beyond_limit(const char *reason);

/* Returns -ENOMEM or -EAGAIN and fills `reason` with the limit if a trial needs
   more memory or threads than are left. `more_tasks` is added to the cell's
   threads. */
int rm_plan_check_limits(const struct rm_plan_cell *planned,
        unsigned more_tasks, const struct rm_limits *limits,
        char reason[RM_REASON_BYTES]);

/* For a resume: lets the cells that wait for a limit run if none of them is
   beyond a limit now, or if `has_begun` (then the catalog may be NULL). Otherwise
   updates their reasons. All of them run or none, since rounds have a fixed
   order. */
void rm_plan_run_waiting(
        struct rm_plan *plan, const struct rm_catalog *catalog, bool has_begun);

/* Returns NULL, or the first reason of a plan that skips every cell that
   measures, so that at most maps are verified. */
const char *rm_plan_measures_nothing(const struct rm_plan *plan);

/* True if two or more maps could be compared, but everywhere in too few blocks
   for an interval; fills `text` with the number that is needed. */
bool rm_plan_lacks_blocks(const struct rm_plan *plan,
        const struct rm_catalog *catalog, char text[RM_REASON_BYTES]);

/* Trials per block of a cell: 2 with an A/A control, else 1. */
unsigned rm_plan_trials(const struct rm_cell *cell);

/* The flavour of the A/A control's programs (docs/adr/0059). */
#define RM_FLAVOUR_CONTROL "aa"

/* `flavour` is from rm_cell_flavour(), or RM_FLAVOUR_CONTROL. */
typedef void rm_plan_visit(void *context, const char *map,
        enum rm_measure measure, const char *flavour);

/* Calls `visit` for each map that these workloads and `maps` select and that
   can be built, with each measure and flavour of the workload. Needs only the
   names of the catalog, no map program. The same arguments may occur more than
   once, and a map need not have the flavour. `maps` is as in rm_plan_options.
   -EINVAL with `error` for an unknown map. Any thread. */
int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_catalog *catalog, const char *maps,
        rm_plan_visit *visit, void *context, struct rm_error *error);

/* Returns the cell that verifies the map of a timed cell, for its shape and
   write kind. NULL: not in the plan (options.cells excluded it), the cell is
   skipped, or the map is stateless. */
const struct rm_cell *rm_plan_verification(
        const struct rm_plan *plan, const struct rm_cell *cell);

/* Seed of a trial, <= 2^53: equal for all arms and maps of one block in cells
   that differ only in the map. */
uint64_t rm_plan_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/* Seed for what differs between maps: the order of arms and the padding of the
   environment. Earlier versions also used it as the seed of trials. */
uint64_t rm_plan_layout_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/* Returns {"seed", "cells", "order", "same"} as in campaign.json
   (results/README.md; "same": [{"id", "as": id}]), plus "estimate_ns" and
   "memory_bytes", for each cell too. New reference; NULL: no memory. The file
   is this object with more members (json_object_update). */
json_t *rm_plan_to_json(const struct rm_plan *plan);

/* Reads the plan back for a resume and ignores other members. Returns -EINVAL
   with `error` that names the invalid member. */
int rm_plan_from_json(
        const json_t *json, struct rm_plan *plan, struct rm_error *error);

/* Frees the members of the plan and zeroes it. */
void rm_plan_free(struct rm_plan *plan);

#endif /* RM_PLAN_H */
