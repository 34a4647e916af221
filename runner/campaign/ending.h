/* SPDX-License-Identifier: Apache-2.0 */
/* ending.h - turns the end of a trial process into an outcome. */
#ifndef RM_ENDING_H
#define RM_ENDING_H

#include "runner/campaign/launch.h"

/* Why the runner stopped attending a trial. */
enum rm_stop {
	RM_RUNNING,
	RM_ENDED,            /* by itself */
	RM_LATE,             /* deadline */
	RM_INTERRUPTED_RUN,  /* the runner is to end */
	RM_TOO_LONG,         /* wrote more than RM_LAUNCH_ANSWER_MAX */
	RM_ANSWER_NO_MEMORY, /* there was none to keep its answer */
};

/* All that is known of the end of one trial process. */
struct rm_ending {
	enum rm_stop stop;
	int wait_status; /* of waitpid() */
	const char *cell_id;
	uint64_t deadline_ns;
	uint64_t memory_limit_bytes; /* 0: none */
	const char *answer;          /* `answer_bytes` bytes of its stdout */
	size_t answer_bytes;
	const char *errors; /* `errors_bytes` last bytes of its stderr */
	size_t errors_bytes;
};

/* Fills exit, status, reason and result of `outcome`, whose peak_bytes is
   known. Returns 0 or -ENOMEM. */
int rm_ending_judge(const struct rm_ending *ending, struct rm_outcome *outcome);

#endif /* RM_ENDING_H */
