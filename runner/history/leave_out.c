/* SPDX-License-Identifier: Apache-2.0 */
/* leave_out.c - leaves operations out in halves, quarters, ... */
#include "runner/history/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct place {
	uint64_t invoked;
	uint32_t op;
};

static int by_invoked(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->invoked != b->invoked)
		return a->invoked < b->invoked ? -1 : 1;
	return a->op < b->op ? -1 : a->op > b->op;
}

/* Whether this operation may have seen, or compared with, what `writer`
   writes. */
static bool may_see(
        const struct rm_problem_op *op, const struct rm_problem_op *writer)
{
	bool compares = op->kind == RM_HISTORY_COMPARE_SWAP ||
	                op->kind == RM_HISTORY_COMPARE_REMOVE;

	if (rm_problem_knows(op))
		return op->needs != RM_PROBLEM_NO_SLOT &&
		       op->needs == writer->makes;
	return compares && op->expected == writer->value;
}

static bool is_seen(const struct rm_cut *cut, size_t writer)
{
	for (size_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && i != writer &&
		        may_see(cut->ops + i, cut->ops + writer))
			return true;
	return false;
}

static void widen(
        struct rm_cut_stand_in *stand_in, const struct rm_problem_op *op)
{
	if (!stand_in->used)
		*stand_in = (struct rm_cut_stand_in){ op->invoked, op->returned,
			true };
	if (op->invoked < stand_in->from)
		stand_in->from = op->invoked;
	if (op->returned > stand_in->to)
		stand_in->to = op->returned;
}

/* Leaves one operation out, if there is a way that keeps the proof. */
static void leave(struct rm_cut *cut, size_t i)
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
	widen(rm_problem_removes(op) ? &cut->removes : &cut->writes, op);
}

/* Tries without the operations places[0 ... count). Whether it still has no
   order; else all is as it was. `before` has room for keep. */
static bool try_without(struct rm_cut *cut, const struct place *places,
        size_t count, bool *before)
{
	struct rm_cut_stand_in writes = cut->writes, removes = cut->removes;
	bool changed = false;

	memcpy(before, cut->keep, cut->whole->count);
	/* backwards: who saw a value goes before who wrote it */
	for (size_t i = count; i-- > 0;) {
		leave(cut, places[i].op);
		changed |= before[places[i].op] != cut->keep[places[i].op];
	}
	if (!changed || rm_cut_decide(cut) == RM_IMPOSSIBLE)
		return changed;
	memcpy(cut->keep, before, cut->whole->count);
	cut->writes = writes;
	cut->removes = removes;
	return false;
}

/* Tries without one key: its operations and its place in scans. A length
   would count it. */
static void try_without_key(struct rm_cut *cut, uint32_t key, bool *before)
{
	memcpy(before, cut->keep, cut->whole->count);
	for (size_t i = 0; i < cut->whole->count; i++) {
		const struct rm_problem_op *op = cut->ops + i;

		if (cut->keep[i] && op->kind == RM_HISTORY_LENGTH)
			return;
	}
	for (size_t i = 0; i < cut->whole->count; i++)
		if (!rm_history_is_whole(cut->ops[i].kind) &&
		        cut->ops[i].key == key)
			cut->keep[i] = false;
	cut->keep_key[key] = false;
	if (rm_cut_decide(cut) == RM_IMPOSSIBLE)
		return;
	cut->keep_key[key] = true;
	memcpy(cut->keep, before, cut->whole->count);
}

static size_t list_places(const struct rm_cut *cut, struct place *places)
{
	size_t count = 0;

	for (uint32_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && i != cut->offending)
			places[count++] =
			        (struct place){ cut->ops[i].invoked, i };
	qsort(places, count, sizeof(*places), by_invoked);
	return count;
}

/* Chunks from half of all down to one; then once more one by one, since what
   was needed may not be any more. */
static void shrink(struct rm_cut *cut, struct place *places, bool *before)
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

int rm_cut_leave_out(struct rm_cut *cut)
{
	struct place *places = malloc(cut->whole->count * sizeof(*places));
	bool *before = malloc(cut->whole->count + 1);

	if (places && before) {
		shrink(cut, places, before);
		for (uint32_t k = 0;
		        cut->whole->keys > 1 && k < cut->whole->keys; k++)
			try_without_key(cut, k, before);
		if (cut->whole->keys > 1)
			shrink(cut, places, before);
	}
	int failed = places && before ? 0 : -ENOMEM;

	free(places);
	free(before);
	return failed;
}
