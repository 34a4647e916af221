/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - public header of the plan: workloads x maps x machine -> cells in
 * shuffled rounds; all of a campaign before anything of it runs.
 *
 *	rm_topology_load(NULL, &topology, &error);
 *	rm_inputs_load(sources, texts, n, &inputs, &error);
 *	rm_plan_build(inputs.workloads, ..., &plan, &error);
 *	for each round r: for each i: plan.rounds[r].turns[i]
 */
#ifndef RM_PLAN_H
#define RM_PLAN_H

#include "runner/base/error.h"
#include "runner/base/lines.h"
#include "runner/base/sha256.h"
#include "runner/catalog/catalog.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>

struct rm_topology;

/*
 * A text file of workloads/ as a struct: what to measure. Every mistake in one
 * is `file:line: what, and what was expected`, and -EINVAL; a file that cannot
 * be read is its errno. The keys are in docs/reference/workload-file.md.
 */

/* Most values of one key; most includes. */
enum { RM_LIST_MAX = 64, RM_INCLUDE_MAX = 8 };

typedef char rm_name[RM_NAME_BYTES];

/*
 * One workload. Value i of a key is what values[i] has in the key's members
 * (struct rm_factor); lists are dimensions of the sweep, each with its own
 * count in count[RM_KEY_...]. Of keys with one value it is values[0]. count 0:
 * the key was not given (and has no default).
 */
struct rm_workload {
	rm_name name;
	char *file; /* as given; owned */
	unsigned count[RM_WORKLOAD_KEYS];
	/* where each key got its value: "file:line", "--set KEY", "default" */
	char where[RM_WORKLOAD_KEYS][RM_WHERE_BYTES];
	struct rm_cell values[RM_LIST_MAX];
};

/* Later lines for a workload: "KEY=VALUE" and where it was said, which is
   the location of its mistakes ("--set window", "modes/quick.conf:7"). One that
   adds goes on with the list of the line before it. */
struct rm_override {
	const char *key;
	const char *value;
	const char *where;
	bool adds;
};

/*
 * The effective workload, includes and overrides applied, as the text of a
 * workload file that reads back equal: what campaign.json keeps. Owned by the
 * caller; NULL when memory ran out.
 */
char *rm_workload_text(const struct rm_workload *workload);

void rm_workload_clear(struct rm_workload *workload);

/* Splits "KEY=VALUE" of --set in place; -EINVAL with `error` without "=".
   `where` (RM_WHERE_BYTES) gets "--set KEY" and must live as long. */
int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error);

/* The workloads that a command line asks for: files, or a mode, which is a
   file of workloads/modes/ with workloads, overrides and a time budget. */
struct rm_inputs {
	struct rm_workload *workloads;
	size_t workload_count;
	rm_name name;       /* of the mode; "" without one */
	uint64_t budget_ns; /* of the mode; 0 without one */
};

/* The mode of a set, unless another is named. */
#define RM_SET_MODE "quick"

/* Where workloads come from. */
struct rm_sources {
	char *const *files; /* where there is no mode */
	size_t file_count;
	const char *set;  /* a name ("peers") or NULL; its modes are
	                    workloads/modes/SET-MODE.conf */
	const char *mode; /* a name ("quick": workloads/modes/quick.conf below
	                     the current folder) or a path with a slash; NULL */
	/* ids of maps that somebody works on (commas or blanks between them),
	   which the mode's workload `touched` runs beside its base; NULL */
	const char *touched;
	/* --set: after what the files say, and after those of the mode */
	const struct rm_override *overrides;
	size_t override_count;
};

/*
 * Loads a mode, or files where there is none; no file and no mode is no
 * workload. Fills *inputs; free with rm_inputs_clear(), also after an error.
 * -errno with `error`.
 */
int rm_inputs_read(const struct rm_sources *sources, struct rm_inputs *inputs,
        struct rm_error *error);

/* What --set NAME means: its mode, RM_SET_MODE if none is named. -EINVAL: it, or a
   mode, stands beside files. */
int rm_sources_settle(struct rm_sources *sources, struct rm_error *error);

/*
 * The same of a command line, with overrides of `texts`: the KEY=VALUE of --set,
 * in order; they are written to. No files
 * and no mode are a mistake.
 */
int rm_inputs_load(struct rm_sources sources, char **texts, size_t set_count,
        struct rm_inputs *inputs, struct rm_error *error);

void rm_inputs_clear(struct rm_inputs *inputs);

/*
 * Cells by their ids, for a plan of no others: what --cells-from names. Zero
 * it; free with rm_cell_list_clear(), also after an error.
 */
struct rm_cell_list {
	char *file;    /* its name, for messages; owned */
	json_t *lines; /* id -> the line that it stands on, from 1 */
	char sha256[RM_SHA256_TEXT]; /* of the ids in order of their bytes, a
	                                newline behind each */
};

/*
 * Reads a list: one id a line; # at the start of a line or after a blank begins
 * a comment. -EINVAL with `error` "file:line: what, and what was expected" for
 * what is no id, an id twice, and a list without any; -errno where the file
 * cannot be read. Any thread.
 */
int rm_cell_list_read(
        const char *file, struct rm_cell_list *list, struct rm_error *error);

/* The same of a text of `length` bytes; `file` is its name. */
int rm_cell_list_parse(const char *file, const char *text, size_t length,
        struct rm_cell_list *list, struct rm_error *error);

void rm_cell_list_clear(struct rm_cell_list *list);

struct rm_plan_cell {
	struct rm_cell cell;   /* owned; cell.skip[0]: never run, and why */
	rm_name base;          /* map that ratios are named against */
	uint64_t estimate_ns;  /* of one trial, its process included */
	uint64_t memory_bytes; /* of the trial, about */
	bool misuse;           /* of a planted misuse, whose trials may fail */
};

/* One trial of a cell, by all of its arms. */
struct rm_plan_turn {
	size_t cell;    /* index into rm_plan.cells */
	unsigned block; /* number of the trial in its cell: 0 .. blocks - 1 */
};

/* In running order. */
struct rm_plan_round {
	struct rm_plan_turn *turns;
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
	/* As many as the cell with the most blocks has. Round 0 begins with all
	   verify cells, which are in no other round. A timed cell is in n =
	   cell.blocks rounds, spread evenly, and its block i is in the i-th of
	   n equal parts of the campaign. The cells of a board, which differ in
	   the map alone, run one after the other (docs/adr/0056). Skipped cells
	   are in no round. */
	struct rm_plan_round *rounds;
	unsigned round_count;
	struct rm_plan_same *same;
	size_t same_count;
	size_t trial_count;    /* of all rounds, the A/A control included */
	uint64_t estimate_ns;  /* of all trials, one after the other */
	uint64_t memory_bytes; /* of the largest trial */
};

struct rm_plan_options {
	uint64_t seed; /* 0 .. 2^53: order and trial seeds derive from it */
	/* --maps: ids, globs and ~globs separated by blanks or commas, in
	   addition to the workloads' own `maps`; NULL: no filter */
	const char *maps;
	/* Only these cells, verifications among them only where they are
	   named. A name of plan.same stands for the cell that runs for it.
	   Bases stay as they were named, also where no cell of theirs is left:
	   as with `maps`, there is then no ratio. One that the plan does not
	   have is a mistake at its line. NULL: all */
	const struct rm_cell_list *cells;
	bool has_arms; /* of --arms, which replace the A/A control */
	/* NULL: a counter back end works; else why none does, and every
	   counters cell is planned once with this as its skip */
	const char *counters_reason;
	/* Whether the map with this id can be simulated; if not, `why` gets
	   the reason: rm_map_simulated(). NULL: all can. */
	bool (*can_simulate)(const char *map, char *why, size_t size);
	/* 0 where there is a simulated machine of that name; else -errno, with
	   `error` that tells those that there are. NULL: any name is taken. */
	int (*find_machine)(const char *name, struct rm_error *error);
	/* MemAvailable; 0: read it from /proc/meminfo */
	uint64_t available_bytes;
	const struct rm_catalog *catalog; /* the maps to choose from */
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

/* Trials of one turn or block of a cell: 2 with an A/A control, else 1. */
unsigned rm_plan_trials(const struct rm_cell *cell);

/* The flavour of the A/A control's programs (docs/adr/0059). */
#define RM_FLAVOUR_CONTROL "aa"

/* `flavour` as rm_cell_flavour() has it, or RM_FLAVOUR_CONTROL. */
typedef void rm_plan_take(
        const char *map, enum rm_measure measure, const char *flavour);

/*
 * Calls `take` for each map of the tree that these workloads and --maps choose
 * and that can be built, with each measure and flavour of the workload. It needs
 * the names of the catalog only, no program of a map. `take` may be called
 * with the same values again; a map need not have that flavour. `maps` is as in
 * rm_plan_options. -EINVAL with `error` for a name that no map has. Any
 * thread.
 */
int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_catalog *catalog, const char *maps, rm_plan_take *take,
        struct rm_error *error);

/* The cell that verifies the map of a timed one, for its shape and write kind;
   NULL: the plan has none (options.cells left it out), the cell is not run, or
   its map holds nothing that could be verified. */
const struct rm_cell *rm_plan_verification(
        const struct rm_plan *plan, const struct rm_cell *cell);

/* Seed of a trial: the same for all arms and maps of a place and block; <= 2^53. */
uint64_t rm_plan_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block);

/* Seed of what differs between maps: the order of arms and the padding of the
   environment. Earlier versions used it as the seed of trials. */
uint64_t rm_plan_layout_seed(
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
