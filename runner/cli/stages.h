/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stages.h - a campaign in stages: each is a campaign of its own, and what it
 * runs is asked of `python3 -m report next DIR` once the one before is
 * complete. The folder is described in results/README.md.
 */
#ifndef RM_STAGES_H
#define RM_STAGES_H

#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a command line asks for. Zero it; rm_stages_wish_clear(). What a resume
 * was not told it takes from stages.json; what it was told must be equal.
 */
struct rm_stages_wish {
	/* of the command */
	const char *command; /* in messages */
	const char *kind;    /* "crossover", "claims": of stages.json, and of
	                        the modes, workloads/modes/KIND-MODE.conf */
	const char *const *modes; /* the first one is meant where none is said;
	                             ended by NULL */
	bool needs_maps;          /* a campaign is of two maps */
	json_t *maps;             /* their ids; NULL: not given, or none */
	json_t *ids;              /* of claims; NULL: all */
	/* of its options */
	const char *mode;
	struct rm_sets sets;
	char *recalled[RM_SETS_MAX]; /* texts of stages.json behind them */
	uint64_t budget;             /* 0: not given */
	struct rm_start start;
	const char *dir; /* NULL: a new one below results/ */
	bool resume, plan;
	/* of rm_watch_signals() */
	int interrupt_fd;
};

/* The child of a command's parser for the options; its input is the struct. */
extern const struct argp_child rm_stages_children[];

void rm_stages_wish_clear(struct rm_stages_wish *wish);

/* The wish as members of stages.json; a new reference. NULL: no memory. */
json_t *rm_stages_wish_members(const struct rm_stages_wish *wish);

/* Completes a wish by what stages.json has. -EINVAL with `error` where they
   differ. Texts are those of `stages`, which must live as long. */
int rm_stages_wish_recall(struct rm_stages_wish *wish, const json_t *stages,
        struct rm_error *error);

/*
 * Runs all stages that are left, and asks for the decision; or (plan) says what
 * would run. Returns the exit status; everything is said. Main thread.
 */
int rm_stages_run(struct rm_stages_wish *wish);

enum { RM_PAIR_BYTES = 2 * RM_NAME_BYTES + 2 };

struct rm_stages {
	struct rm_stages_wish *wish;
	struct rm_staged staged;
	struct rm_planned planned; /* of all cells that may run */
	json_t *index;             /* id -> number of its cell in the plan */
	char mode_name[RM_NAME_BYTES]; /* "crossover-quick" */
	char maps[RM_PAIR_BYTES];      /* "A,B", or "" */
	const char *counters;          /* of the stages; NULL: auto */
	char python[RM_PYTHON_BYTES];
	unsigned first; /* number of the stage that this process runs first */
};

/*
 * With wish->plan: says what may run. Else finds Python, and makes the folder
 * or, for a resume, compares it with what it was begun with; says which it is.
 * -errno with `error`. Zero all of *stages but `wish`; rm_stages_end(), also
 * after an error.
 */
int rm_stages_begin(struct rm_stages *stages, struct rm_error *error);
void rm_stages_end(struct rm_stages *stages);

/* What the stages that are complete came to. */
struct rm_past {
	unsigned stages;
	uint64_t timed;    /* trials planned, but verifications */
	size_t incomplete; /* cells of a stage, as rm_tally_incomplete() */
	json_t *ran;       /* ids of their cells, an object */
};

/* What is asked for, as `next` says it. */
struct rm_asked {
	json_t *answer;
	const json_t *cells; /* ids; of the answer */
	const char *why;
	uint64_t blocks;              /* 0: as planned */
	uint64_t timed;               /* trials, but verifications */
	uint64_t trials, estimate_ns; /* of all */
};

/*
 * Asks `report next` and reads the answer into a zeroed *asked, whose `answer`
 * is to be released also after an error. 0: there is a stage; 1: there is none,
 * and `why`; -errno with `error`: no answer, or one that breaks the rules.
 */
int rm_stages_ask(const struct rm_stages *stages, const struct rm_past *past,
        struct rm_asked *asked, struct rm_error *error);

/*
 * The text of the stage's cells.txt, to be freed: what was asked for, and the
 * verifications that it needs and no stage has run, which are added to the
 * trials of *asked: a map is not timed before. NULL: no memory.
 */
char *rm_stages_list(const struct rm_stages *stages, const struct rm_past *past,
        unsigned number, struct rm_asked *asked);

#endif /* RM_STAGES_H */
