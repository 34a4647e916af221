/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - tries parts of a problem that has no order. Inside runner/history
   only; see smallest.h. */
#ifndef RM_HISTORY_CUT_H
#define RM_HISTORY_CUT_H

#include "runner/history/decide.h"

/* Any number of writes, or of removes, within a time. */
struct rm_cut_stand_in {
	uint64_t from, to;
	bool used;
};

/* Zero-initialise. */
struct rm_cut {
	const struct rm_problem *whole;
	struct rm_problem_op
	        *ops;   /* whole->count; changed by the cut in time */
	bool *keep;     /* per operation */
	bool *keep_key; /* per key */
	struct rm_cut_stand_in writes, removes;
	uint64_t other;   /* a value that nobody uses */
	size_t offending; /* SIZE_MAX: not found */
	struct rm_problem part;
	struct rm_search *search;
	size_t memory_bytes;
	uint64_t work; /* operations to look at, still; a state looks at one of
	                  each lane */
};

/* Copies the problem's operations; all are kept. 0 or -ENOMEM. */
int rm_cut_begin(struct rm_cut *cut, const struct rm_problem *whole,
        struct rm_search *search, size_t memory_bytes, uint64_t work);

void rm_cut_clear(struct rm_cut *cut);

/* Decides what is kept; RM_GAVE_UP also where the work is used up. */
enum rm_search_end rm_cut_decide(struct rm_cut *cut);

/* Finds the earliest return at which the problem has no order: changes ops
   and keep, sets offending (not where the work did not suffice). 0 or -ENOMEM. */
int rm_cut_in_time(struct rm_cut *cut);

/* Leaves out what can be left out, except `offending`. 0 or -ENOMEM. */
int rm_cut_leave_out(struct rm_cut *cut);

#endif /* RM_HISTORY_CUT_H */
