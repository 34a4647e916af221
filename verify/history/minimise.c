/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minimise.c - reduces a problem to few operations that are still impossible.
 * First it removes operations after the earliest failing return. Then it
 * removes halves, quarters and so on (delta debugging: Zeller and Hildebrandt,
 * IEEE TSE 28(2), 2002).
 */
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t other_value(const struct rm_problem *problem)
{
	uint64_t other = UINT64_MAX - 1;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (op->value != other && op->expected != other &&
		        op->result != other)
			continue;
		other--;
		/* the caller must start again from the beginning */
		i = SIZE_MAX;
	}
	return other;
}

int rm_minimise_begin(struct rm_minimise *cut, const struct rm_problem *whole,
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

void rm_minimise_clear(struct rm_minimise *cut)
{
	free(cut->ops);
	free(cut->keep);
	free(cut->keep_key);
	rm_problem_clear(&cut->part);
}

/* Adds a kept operation; a scan gets only the pairs of kept keys. */
static int add_op(struct rm_minimise *cut, const struct rm_problem_op *op)
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

static int add_stand_in(struct rm_minimise *cut, enum rm_history_kind kind,
        const struct rm_stand_in *stand_in)
{
	size_t count = cut->part.count;
	struct rm_problem_op op = { .invoked = stand_in->from,
		.returned = stand_in->to,
		.value = cut->other,
		.kind = (uint8_t)kind,
		.repeat = true };

	if (!stand_in->used)
		return 0;
	/* an operation of another thread begins a lane */
	op.thread = count ? ~cut->part.ops[count - 1].thread : 0;
	return rm_problem_add(&cut->part, &op, NULL);
}

static int build(struct rm_minimise *cut)
{
	if (rm_problem_begin(&cut->part, cut->whole->keys))
		return -ENOMEM;
	for (size_t k = 0; k < cut->whole->keys; k++)
		if (cut->keep_key[k])
			cut->part.start[k] = cut->whole->start[k];
	for (size_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && add_op(cut, cut->ops + i))
			return -ENOMEM;
	if (add_stand_in(cut, RM_HISTORY_UPSERT, &cut->writes) ||
	        add_stand_in(cut, RM_HISTORY_REMOVE, &cut->removes))
		return -ENOMEM;
	return rm_problem_finish(&cut->part);
}

enum rm_search_end rm_minimise_decide(struct rm_minimise *cut)
{
	/* each state visits every lane; each attempt gets a share of the
	 * remaining work */
	uint64_t used = cut->whole->count, visited = 0;
	uint64_t per_state = 1 + cut->whole->lane_count;
	enum rm_search_end end;

	if (cut->work <= used || build(cut))
		return RM_GAVE_UP;
	end = rm_decide_order(cut->search, &cut->part,
	        1 + (cut->work - used) / 16 / per_state, cut->memory_bytes,
	        &visited);
	used += visited * per_state;
	cut->work -= used < cut->work ? used : cut->work;
	return end;
}

/* Keeps the operations that were invoked up to the return of operation `last`.
   Those that return later (by `rank`) become operations that never returned. */
static void cut_after(
        struct rm_minimise *cut, const uint32_t *rank, uint32_t last)
{
	uint64_t end = UINT64_MAX;
	/* the lane whose remaining operations are removed */
	uint32_t broken = UINT32_MAX;

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
			cut->keep[i] &= !rm_kind_reads(op->kind);
		}
}

/* Returns for each operation how many operations return before it. */
static uint32_t *rank_returns(const struct rm_problem *problem)
{
	uint32_t *rank = calloc(problem->count + 1, sizeof(*rank));
	struct rm_stamped *sorted =
	        malloc((problem->count + 1) * sizeof(*sorted));

	if (rank && sorted) {
		for (uint32_t i = 0; i < problem->count; i++)
			sorted[i] =
			        (struct rm_stamped){ problem->ops[i].returned,
				        i };
		qsort(sorted, problem->count, sizeof(*sorted),
		        rm_stamped_compare);
		for (uint32_t i = 0; i < problem->count; i++)
			rank[sorted[i].place] = i;
	} else {
		free(rank);
		rank = NULL;
	}
	free(sorted);
	return rank;
}

int rm_minimise_cut_time(struct rm_minimise *cut)
{
	uint32_t *rank = rank_returns(cut->whole);
	uint32_t low = 0, high = (uint32_t)cut->whole->count - 1;
	/* the operations before `high` are known to be possible */
	bool sure = true;

	if (!rank)
		return -ENOMEM;
	/* if a part is impossible, so is a longer part */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		cut_after(cut, rank, middle);
		enum rm_search_end end = rm_minimise_decide(cut);

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

/* True if this operation may have returned the value of `writer`, or compared
   it. */
static bool may_see(
        const struct rm_problem_op *op, const struct rm_problem_op *writer)
{
	if (rm_problem_is_known(op))
		return op->needs != RM_PROBLEM_NO_SLOT &&
		       op->needs == writer->makes;
	return rm_kind_compares(op->kind) && op->expected == writer->value;
}

static bool is_seen(const struct rm_minimise *cut, size_t writer)
{
	for (size_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && i != writer &&
		        may_see(cut->ops + i, cut->ops + writer))
			return true;
	return false;
}

static void widen_stand_in(
        struct rm_stand_in *stand_in, const struct rm_problem_op *op)
{
	if (!stand_in->used)
		*stand_in =
		        (struct rm_stand_in){ op->invoked, op->returned, true };
	if (op->invoked < stand_in->from)
		stand_in->from = op->invoked;
	if (op->returned > stand_in->to)
		stand_in->to = op->returned;
}

/* Removes one operation if the rest is still impossible. */
static void remove_op(struct rm_minimise *cut, size_t i)
{
	const struct rm_problem_op *op = cut->ops + i;

	if (i == cut->offending || !cut->keep[i])
		return;
	if (op->harmless) {
		cut->keep[i] = false;
		return;
	}
	if (cut->whole->keys != 1 || op->kind == RM_HISTORY_APPEND ||
	        is_seen(cut, i))
		return;
	cut->keep[i] = false;
	widen_stand_in(
	        rm_kind_removes(op->kind) ? &cut->removes : &cut->writes, op);
}

/* Removes the operations places[0 ... count). Returns true if there is still no
   order; otherwise restores all of them. `before` has the size of keep. */
static bool try_without(struct rm_minimise *cut,
        const struct rm_stamped *places, size_t count, bool *before)
{
	struct rm_stand_in writes = cut->writes, removes = cut->removes;
	bool changed = false;

	memcpy(before, cut->keep, cut->whole->count);
	/* backwards, so that readers of a value go before its writer */
	for (size_t i = count; i-- > 0;) {
		remove_op(cut, places[i].place);
		changed |=
		        before[places[i].place] != cut->keep[places[i].place];
	}
	if (!changed || rm_minimise_decide(cut) == RM_IMPOSSIBLE)
		return changed;
	memcpy(cut->keep, before, cut->whole->count);
	cut->writes = writes;
	cut->removes = removes;
	return false;
}

/* Removes one key with its operations and its entries in scans, unless the key
   would affect the result of a length. */
static void try_without_key(struct rm_minimise *cut, uint32_t key, bool *before)
{
	memcpy(before, cut->keep, cut->whole->count);
	for (size_t i = 0; i < cut->whole->count; i++) {
		const struct rm_problem_op *op = cut->ops + i;

		if (cut->keep[i] && op->kind == RM_HISTORY_LENGTH)
			return;
	}
	for (size_t i = 0; i < cut->whole->count; i++)
		if (!rm_history_is_whole_map(cut->ops[i].kind) &&
		        cut->ops[i].key == key)
			cut->keep[i] = false;
	cut->keep_key[key] = false;
	if (rm_minimise_decide(cut) == RM_IMPOSSIBLE)
		return;
	cut->keep_key[key] = true;
	memcpy(cut->keep, before, cut->whole->count);
}

static size_t list_places(
        const struct rm_minimise *cut, struct rm_stamped *places)
{
	size_t count = 0;

	for (uint32_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && i != cut->offending)
			places[count++] =
			        (struct rm_stamped){ cut->ops[i].invoked, i };
	qsort(places, count, sizeof(*places), rm_stamped_compare);
	return count;
}

/* Removes chunks, from half of all down to two, and then single operations
   until nothing changes. */
static void remove_chunks(
        struct rm_minimise *cut, struct rm_stamped *places, bool *before)
{
	size_t count = list_places(cut, places);
	bool again = true;

	for (size_t chunk = (count + 1) / 2; chunk > 1; chunk /= 2)
		for (size_t at = 0; at < count; at += chunk)
			try_without(cut, places + at,
			        chunk < count - at ? chunk : count - at,
			        before);
	while (again) {
		again = false;
		count = list_places(cut, places);
		for (size_t at = 0; at < count; at++)
			again |= try_without(cut, places + at, 1, before);
	}
}

int rm_minimise_remove_ops(struct rm_minimise *cut)
{
	struct rm_stamped *places = malloc(cut->whole->count * sizeof(*places));
	bool *before = malloc(cut->whole->count + 1);

	if (places && before) {
		remove_chunks(cut, places, before);
		for (uint32_t k = 0;
		        cut->whole->keys > 1 && k < cut->whole->keys; k++)
			try_without_key(cut, k, before);
		if (cut->whole->keys > 1)
			remove_chunks(cut, places, before);
	}
	int failed = places && before ? 0 : -ENOMEM;

	free(places);
	free(before);
	return failed;
}
