/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - parts of a problem, and the cut in time. */
#include "runner/history/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A value that no operation names. */
static uint64_t other_value(const struct rm_problem *problem)
{
	uint64_t other = UINT64_MAX - 1;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (op->value != other && op->expected != other &&
		        op->result != other)
			continue;
		other--;
		i = SIZE_MAX; /* from the beginning */
	}
	return other;
}

int rm_cut_begin(struct rm_cut *cut, const struct rm_problem *whole,
        struct rm_search *search, size_t memory_bytes, uint64_t work)
{
	size_t bytes = (whole->count + 1) * sizeof(*cut->ops);

	cut->whole = whole;
	cut->search = search;
	cut->memory_bytes = memory_bytes;
	cut->work = work;
	cut->offending = SIZE_MAX;
	cut->ops = malloc(bytes);
	cut->keep = malloc(whole->count + 1);
	cut->keep_key = malloc(whole->keys + 1);
	if (!cut->ops || !cut->keep || !cut->keep_key)
		return -ENOMEM;
	memcpy(cut->ops, whole->ops, whole->count * sizeof(*cut->ops));
	memset(cut->keep, true, whole->count);
	memset(cut->keep_key, true, whole->keys);
	cut->other = whole->keys == 1 ? other_value(whole) : 0;
	return 0;
}

void rm_cut_clear(struct rm_cut *cut)
{
	free(cut->ops);
	free(cut->keep);
	free(cut->keep_key);
	rm_problem_clear(&cut->part);
}

/* Adds a kept operation; of a scan only the pairs of kept keys. */
static int add(struct rm_cut *cut, const struct rm_problem_op *op)
{
	const struct rm_problem_pair *pairs =
	        cut->whole->pairs + op->first_pair;
	struct rm_problem_pair *some;
	struct rm_problem_op less = *op;
	int failed;

	if (op->kind != RM_HISTORY_SCAN || !op->pairs)
		return rm_problem_add(&cut->part, op, NULL);
	some = malloc(op->pairs * sizeof(*some));
	if (!some)
		return -ENOMEM;
	less.pairs = 0;
	for (size_t i = 0; i < op->pairs; i++)
		if (cut->keep_key[pairs[i].key])
			some[less.pairs++] = pairs[i];
	failed = rm_problem_add(&cut->part, &less, some);
	free(some);
	return failed;
}

static int add_stand_in(struct rm_cut *cut, enum rm_history_kind kind,
        const struct rm_cut_stand_in *stand_in)
{
	size_t count = cut->part.count;
	struct rm_problem_op op = { .invoked = stand_in->from,
		.returned = stand_in->to,
		.value = cut->other,
		.kind = (uint8_t)kind,
		.repeat = true };

	if (!stand_in->used)
		return 0;
	/* any thread that is not the last one: a lane of its own */
	op.thread = count ? ~cut->part.ops[count - 1].thread : 0;
	return rm_problem_add(&cut->part, &op, NULL);
}

static int build(struct rm_cut *cut)
{
	if (rm_problem_begin(&cut->part, cut->whole->keys))
		return -ENOMEM;
	for (size_t k = 0; k < cut->whole->keys; k++)
		if (cut->keep_key[k])
			cut->part.start[k] = cut->whole->start[k];
	for (size_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && add(cut, cut->ops + i))
			return -ENOMEM;
	if (add_stand_in(cut, RM_HISTORY_UPSERT, &cut->writes) ||
	        add_stand_in(cut, RM_HISTORY_REMOVE, &cut->removes))
		return -ENOMEM;
	return rm_problem_finish(&cut->part);
}

enum rm_search_end rm_cut_decide(struct rm_cut *cut)
{
	/* a state looks at every lane; one try gets a share of what is left */
	uint64_t used = cut->whole->count, visited = 0;
	uint64_t per_state = 1 + cut->whole->lane_count;
	enum rm_search_end end;

	if (cut->work <= used || build(cut))
		return RM_GAVE_UP;
	end = rm_decide(cut->search, &cut->part,
	        1 + (cut->work - used) / 16 / per_state, cut->memory_bytes,
	        &visited);
	used += visited * per_state;
	cut->work -= used < cut->work ? used : cut->work;
	return end;
}

/* Keeps what was invoked up to the return of operation `last`; what returns
   later (by `rank`) never does. */
static void cut_after(struct rm_cut *cut, const uint32_t *rank, uint32_t last)
{
	uint64_t end = UINT64_MAX;
	uint32_t broken = UINT32_MAX; /* the lane whose rest is cut off */

	for (size_t i = 0; i < cut->whole->count; i++)
		if (rank[i] == last)
			end = cut->whole->ops[i].returned;
	for (uint32_t l = 0; l < cut->whole->lane_count; l++)
		for (uint32_t i = cut->whole->lanes[l].first;
		        i < cut->whole->lanes[l].end; i++) {
			struct rm_problem_op *op = cut->ops + i;

			*op = cut->whole->ops[i];
			cut->keep[i] = op->invoked <= end && broken != l;
			if (rank[i] <= last || op->optional)
				continue;
			broken = l;
			op->optional = true;
			op->returned = RM_HISTORY_NEVER;
			cut->keep[i] &= op->kind != RM_HISTORY_LOOKUP &&
			                op->kind != RM_HISTORY_LENGTH &&
			                op->kind != RM_HISTORY_SCAN;
		}
}

struct return_of {
	uint64_t returned;
	uint32_t op;
};

static int by_return(const void *left, const void *right)
{
	const struct return_of *a = left, *b = right;

	if (a->returned != b->returned)
		return a->returned < b->returned ? -1 : 1;
	return a->op < b->op ? -1 : a->op > b->op;
}

/* rank[i]: how many operations return before operation i. */
static uint32_t *rank_returns(const struct rm_problem *problem)
{
	uint32_t *rank = calloc(problem->count + 1, sizeof(*rank));
	struct return_of *sorted =
	        malloc((problem->count + 1) * sizeof(*sorted));

	if (rank && sorted) {
		for (uint32_t i = 0; i < problem->count; i++)
			sorted[i] =
			        (struct return_of){ problem->ops[i].returned,
				        i };
		qsort(sorted, problem->count, sizeof(*sorted), by_return);
		for (uint32_t i = 0; i < problem->count; i++)
			rank[sorted[i].op] = i;
	} else {
		free(rank);
		rank = NULL;
	}
	free(sorted);
	return rank;
}

int rm_cut_in_time(struct rm_cut *cut)
{
	uint32_t *rank = rank_returns(cut->whole);
	uint32_t low = 0, high = (uint32_t)cut->whole->count - 1;
	bool sure = true; /* that what returns before `high` is possible */

	if (!rank)
		return -ENOMEM;
	/* once it has no order it has none with more, either */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		cut_after(cut, rank, middle);
		enum rm_search_end end = rm_cut_decide(cut);

		if (end == RM_IMPOSSIBLE)
			high = middle;
		else
			low = middle + 1;
		sure = sure && end != RM_GAVE_UP;
	}
	cut_after(cut, rank, high);
	for (size_t i = 0; i < cut->whole->count; i++)
		if (rank[i] == high && sure)
			cut->offending = i;
	free(rank);
	return 0;
}
