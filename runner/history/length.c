/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/length.h"
#include "runner/history/array.h"

#include <errno.h>
#include <stdlib.h>

/* Whether the operation may turn absence into presence, or the other way. */
static bool may_turn(const struct rm_problem_op *op, bool into_presence)
{
	if (into_presence)
		return (op->kind == RM_HISTORY_UPSERT ||
		               op->kind == RM_HISTORY_EXCHANGE ||
		               op->kind == RM_HISTORY_APPEND ||
		               op->kind == RM_HISTORY_INSERT_IF_ABSENT) &&
		       (!rm_problem_knows(op) || !op->there);
	return rm_problem_removes(op) &&
	       (op->kind == RM_HISTORY_CLEAR || !rm_problem_knows(op) ||
	               op->there);
}

/* Whether the key was surely there, or not, right after the operation. */
static bool shows(const struct rm_problem_op *op, bool presence)
{
	bool known = rm_problem_knows(op);

	if (op->optional)
		return false;
	switch (op->kind) {
	case RM_HISTORY_LOOKUP:
		return known && op->there == presence;
	case RM_HISTORY_REMOVE:
	case RM_HISTORY_TAKE:
	case RM_HISTORY_CLEAR:
		return !presence;
	case RM_HISTORY_COMPARE_REMOVE:
		return known && op->there && !presence;
	case RM_HISTORY_COMPARE_SWAP:
		return known && op->there && presence;
	default:
		return presence;
	}
}

static int by_from(const void *left, const void *right)
{
	const struct rm_length_span *a = left, *b = right;

	return a->from < b->from ? -1 : a->from > b->from;
}

/* The times at which something may turn, merged, in order. */
static size_t find_turns(const struct rm_problem *problem, bool presence,
        struct rm_length_span *spans)
{
	size_t count = 0, merged = 0;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (may_turn(op, !presence))
			spans[count++] = (struct rm_length_span){ op->invoked,
				op->returned };
	}
	qsort(spans, count, sizeof(*spans), by_from);
	for (size_t i = 0; i < count; i++) {
		if (merged && spans[i].from <= spans[merged - 1].to) {
			if (spans[i].to > spans[merged - 1].to)
				spans[merged - 1].to = spans[i].to;
		} else {
			spans[merged++] = spans[i];
		}
	}
	return merged;
}

/* The first of `count` spans that begins after `stamp`. */
static size_t first_after(
        const struct rm_length_span *spans, size_t count, uint64_t stamp)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = (low + count) / 2;

		if (spans[middle].from > stamp)
			count = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * Between two turns nothing turns. sure[g]: the time in the gap before turn
 * g from which on some operation inside the gap has shown the state.
 */
static void find_sure(const struct rm_problem *problem, bool presence,
        const struct rm_length_span *turns, size_t count, uint64_t *sure)
{
	for (size_t g = 0; g <= count; g++)
		sure[g] = UINT64_MAX;
	if (problem->start[0].there == presence)
		sure[0] = 0;
	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;
		size_t gap = first_after(turns, count, op->invoked);

		if (!shows(op, presence) ||
		        (gap && op->invoked <= turns[gap - 1].to) ||
		        (gap < count && op->returned >= turns[gap].from))
			continue;
		/* at equal stamps the call may come first */
		if (op->returned + 1 < sure[gap])
			sure[gap] = op->returned + 1;
	}
}

static void count_sure(const struct rm_length_span *turns, size_t count,
        const uint64_t *sure, struct rm_length *length, bool presence)
{
	size_t gap = first_after(turns, count, length->invoked);

	if (gap < count && length->returned >= turns[gap].from)
		return;
	if ((gap && length->invoked <= turns[gap - 1].to) ||
	        sure[gap] > length->invoked)
		return;
	if (presence)
		length->present++;
	else
		length->absent++;
}

int rm_length_count(const struct rm_problem *problem,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t count)
{
	void *turns = rm_array_grown(scratch->turns, 0, &scratch->turn_room,
	        problem->count + 1, sizeof(*scratch->turns));
	void *sure = rm_array_grown(scratch->sure, 0, &scratch->sure_room,
	        problem->count + 1, sizeof(*scratch->sure));

	if (turns)
		scratch->turns = turns;
	if (sure)
		scratch->sure = sure;
	if (!turns || !sure)
		return -ENOMEM;
	for (int presence = 0; presence < 2; presence++) {
		size_t found = find_turns(problem, presence, scratch->turns);

		find_sure(problem, presence, scratch->turns, found,
		        scratch->sure);
		for (size_t i = 0; i < count; i++)
			count_sure(scratch->turns, found, scratch->sure,
			        lengths + i, presence);
	}
	return 0;
}
