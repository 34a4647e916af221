/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - judges progress in programs that test it (program.h): detects
   operations that are overtaken too often, and memory that is not freed. Inside
   verify/explore only. */
#ifndef RM_EXPLORE_PROGRESS_H
#define RM_EXPLORE_PROGRESS_H

#include "verify/explore/program.h"

enum {
	/* number of overtakings after which starvation is noted, if the map
	 * allows it */
	RM_EXPLORE_OVERTAKEN_NOTED = 200,
	/* number of overtakings by all others after which an operation
	 * starves */
	RM_EXPLORE_OVERTAKEN_MOST = 1000,
	/* number of blocks, each of at least 8 bytes. Together they exceed the
	   limit of retired bytes times the number of threads */
	RM_EXPLORE_UNRECLAIMED_MOST = 1000,
	RM_EXPLORE_RETIRED_BYTES = 1024,
};

/* Called when the threads of `program` begin. */
void rm_explore_progress_begin(const struct rm_explore_program *program);

/* Called when the lane begins this operation. */
void rm_explore_operation_begins(unsigned lane, const struct rm_explore_op *op);
/* Called when the lane has ended it. Stops the schedule if another lane's
   operation is overtaken too often and the map promises that this cannot
   happen. Returns true if the program's question is answered, so that its
   repeated operations may end. */
bool rm_explore_operation_ends(unsigned lane);

/* Called when the lane has ended all its operations. */
void rm_explore_operations_end(unsigned lane);

/* Called when all threads have ended. Stops the schedule if their memory was
   not freed. */
void rm_explore_progress_end(void);

/* Returns the text about a weakness that the map's promises do not exclude, or
 * "". */
const char *rm_explore_progress_note(void);

#endif /* RM_EXPLORE_PROGRESS_H */
