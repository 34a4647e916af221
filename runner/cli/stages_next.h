/* SPDX-License-Identifier: Apache-2.0 */
/* stages_next.h - the question which cells are next, and its answer. Private to
   stages.c. */
#ifndef RM_STAGES_NEXT_H
#define RM_STAGES_NEXT_H

#include "runner/cli/stages_begin.h"

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

#endif /* RM_STAGES_NEXT_H */
