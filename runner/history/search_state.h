/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_state.h - where a search is: takes operations and takes them back.
 * Inside search.c and search_state.c only.
 */
#ifndef RM_HISTORY_SEARCH_STATE_H
#define RM_HISTORY_SEARCH_STATE_H

#include "runner/history/search.h"

enum rm_search_take {
	RM_TAKE_FORCED, /* without alternative */
	RM_TAKE_CHOICE, /* one of several */
	RM_TAKE_AGAIN,  /* of `repeat`: takes effect, and may once more */
	RM_TAKE_LEAVE   /* of `repeat`: from now on no more */
};

/* What was taken, what it replaced, and what was tried before it. */
struct rm_search_frame {
	struct rm_problem_cell before;
	uint64_t returned; /* the choice: see is_after() */
	uint32_t choice;
	uint32_t lane;
	uint8_t how;
	bool any; /* returned and choice say something */
	bool changed;
};

/* Before the first operation. 0 or -ENOMEM. */
int rm_search_start(struct rm_search *search, const struct rm_problem *problem);

/* What the operation would do now. `after` is one cell; not filled for clear
   of several keys. */
enum rm_problem_effect rm_search_effect(const struct rm_search *search,
        const struct rm_problem_op *op, struct rm_problem_cell *after);

/* Whether it would replace a value that is still needed and cannot return. */
bool rm_search_is_hopeless(
        const struct rm_search *search, const struct rm_problem_op *op);

/* Takes the next operation of a lane; `tried` (NULL: none) is what to go on
   from when it is undone. 0 or -ENOMEM. */
int rm_search_take(struct rm_search *search, size_t lane,
        enum rm_search_take how, const struct rm_search_frame *tried);

/* Takes back up to and with the last choice, and says in `tried` which it
   was. False: there is none. */
bool rm_search_undo(struct rm_search *search, struct rm_search_frame *tried);

/* Remembers this state: 1 new, 0 seen before, -ENOMEM. */
int rm_search_remember(struct rm_search *search);

#endif /* RM_HISTORY_SEARCH_STATE_H */
