/* SPDX-License-Identifier: Apache-2.0 */
/* stages.h - a campaign in stages. Each stage is a campaign; `python3 -m report
   next DIR` chooses its cells after the previous stage is complete.
   results/README.md describes the files. */
#ifndef RM_STAGES_H
#define RM_STAGES_H

#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Options of a command line. Zero-initialise; release with
   rm_stages_options_clear(). In a resume, missing options are read from
   stages.json, and given options must equal the recorded ones. */
struct rm_stages_options {
	/* the command sets these */
	const char *command;      /* name for messages */
	const char *kind;         /* "crossover" or "claims" */
	const char *const *modes; /* the first one is the default; NULL at the
				   * end */
	json_t *maps;             /* the ids of two maps, or NULL */
	json_t *ids;              /* ids of claims; NULL: all claims */
	/* options set these */
	const char *mode;
	struct rm_sets sets;
	char *restored_sets
	        [RM_SETS_MAX]; /* strings that `sets` points into, from
	                        * stages.json */
	uint64_t budget;       /* maximum number of trials; 0: not given */
	struct rm_start_options start;
	const char *dir; /* NULL: a new folder in results/ */
	bool resume, plan;
	/* from rm_watch_signals() */
	int interrupt_fd;
};

/* argp child that parses the options. Its input is a struct
   rm_stages_options. */
extern const struct argp_child rm_stages_children[];

void rm_stages_options_clear(struct rm_stages_options *options);

/* Returns a new reference to the options, as members of stages.json. NULL: no
   memory. */
json_t *rm_stages_options_to_json(const struct rm_stages_options *options);

/* Sets missing options from stages.json. Returns 0. Returns -EINVAL with
   `error` if a given option differs from the recorded one. Strings point into
   `stages`, which must outlive the struct. */
int rm_stages_options_restore(struct rm_stages_options *options,
        const json_t *stages, struct rm_error *error);

/* Runs all remaining stages, then computes the verdicts. With `plan`, only
   prints which stages and trials would run. Prints all messages. Returns the
   exit status. Call it from the main thread. */
int rm_stages_run(struct rm_stages_options *options);

enum { RM_PAIR_BYTES = 2 * RM_NAME_BYTES + 2 };

struct rm_stages {
	struct rm_stages_options *options;
	struct rm_staged staged;
	struct rm_planned planned;     /* all cells that may run */
	json_t *index;                 /* maps the id of a cell to its index in
	                                  planned.plan.cells */
	char mode_name[RM_NAME_BYTES]; /* such as "crossover-quick" */
	char maps[RM_PAIR_BYTES];      /* "A,B", or "" */
	const char *counters;          /* back end; NULL: automatic */
	char python[RM_PYTHON_BYTES];
	unsigned first; /* number of the first stage that this process runs */
};

/* With options->plan: prints what may run. Otherwise finds Python and creates
   the folder. In a resume, checks that machine, build and plan are unchanged.
   Prints the folder. Returns 0, or -errno with `error`. Before the call, zero
   all of *stages except `options`. Call rm_stages_end(), even after an
   error. */
int rm_stages_begin(struct rm_stages *stages, struct rm_error *error);
void rm_stages_end(struct rm_stages *stages);

/* Totals of the completed stages. */
struct rm_stages_done {
	unsigned stages;
	uint64_t timed;    /* number of planned trials, without verifications */
	size_t incomplete; /* number of cells without a result, as in
	                    * rm_tally_incomplete() */
	json_t *ran;       /* its keys are the ids of all cells that ran */
};

/* The next stage, which `report next` has chosen. */
struct rm_next_stage {
	json_t *answer;
	const json_t *cells; /* ids; `answer` owns them */
	const char *why;
	uint64_t blocks;              /* 0: the number in the plan */
	uint64_t timed;               /* trials without verifications */
	uint64_t trials, estimate_ns; /* including verifications */
};

/* Runs `report next` and reads its output into a zeroed *next. Release
   next->answer, even after an error. Returns 0 if a stage follows; 1 if no
   stage follows, with the reason in next->why; -errno with `error` if the
   output is invalid or missing. */
int rm_stages_choose_next(const struct rm_stages *stages,
        const struct rm_stages_done *done, struct rm_next_stage *next,
        struct rm_error *error);

/* Returns the text of the stage's cells.txt; free it. It lists the chosen
   cells, and the verifications that they need and that have not run yet, since
   a map is verified before it is timed. Adds the trials of these verifications
   to *next. NULL: no memory. */
char *rm_stages_cell_list(const struct rm_stages *stages,
        const struct rm_stages_done *done, unsigned number,
        struct rm_next_stage *next);

#endif /* RM_STAGES_H */
