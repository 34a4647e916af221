/* SPDX-License-Identifier: Apache-2.0 */
/* stages_begin.h - a staged campaign before its first stage: all that may run,
   and what is written of it. Private to stages.c. */
#ifndef RM_STAGES_BEGIN_H
#define RM_STAGES_BEGIN_H

#include "runner/cli/python.h"
#include "runner/cli/stages.h"

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

#endif /* RM_STAGES_BEGIN_H */
