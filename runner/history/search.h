/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - looks for an order of operations that a map can have taken.
 *
 * Wing and Gong's search with these cuts, each of which loses no order:
 * - An operation that changes nothing and fits now is taken now: in any order
 *   from here it can be moved to the front.
 * - A value that only one operation writes does not come back: it is not
 *   replaced while a completed operation still has to see it.
 * - A state (how far each thread is, what the keys hold) is left only once
 *   (Lowe). What several keys hold is remembered as a 128-bit hash; what one
 *   key holds, and how far threads are, exactly.
 *
 * Inside runner/history only.
 */
#ifndef RM_HISTORY_SEARCH_H
#define RM_HISTORY_SEARCH_H

#include "runner/history/memo.h"
#include "runner/history/problem.h"

enum rm_search_end { RM_POSSIBLE, RM_IMPOSSIBLE, RM_GAVE_UP };

struct rm_search_frame; /* one operation taken; search.c */

/* Zero-initialise; reused from problem to problem. */
struct rm_search {
	const struct rm_problem *problem;
	struct rm_memo memo;
	struct rm_problem_cell *cells; /* what the keys hold now */
	uint32_t *at;                  /* per lane: its next operation */
	uint32_t *needed; /* per slot: answers still to be explained */
	struct rm_search_frame *frames;
	struct rm_problem_cell *saved; /* cells before each clear */
	size_t cell_room, at_room, needed_room, frame_room, saved_room;
	size_t depth, saved_count;
	size_t present;   /* cells that are there */
	size_t left;      /* completed operations not yet taken */
	uint64_t sums[2]; /* hash of the cells, if there are several */
	unsigned counter_bytes;
	uint64_t states, states_limit;
	size_t memory_limit;
};

/*
 * Whether the problem has an order. Visits at most `states` states and holds
 * at most `memory_bytes`, else RM_GAVE_UP. search->states is what it visited.
 */
enum rm_search_end rm_search_run(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes);

/* Bytes that it holds now. */
size_t rm_search_bytes(const struct rm_search *search);

void rm_search_clear(struct rm_search *search);

#endif /* RM_HISTORY_SEARCH_H */
