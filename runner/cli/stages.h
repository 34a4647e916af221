/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stages.h - a campaign in stages: each is a campaign of its own, and what it
 * runs is asked of `python3 -m report next DIR` once the one before is
 * complete. The folder is described in results/README.md.
 */
#ifndef RM_STAGES_H
#define RM_STAGES_H

#include "runner/cli/command.h"

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

#endif /* RM_STAGES_H */
