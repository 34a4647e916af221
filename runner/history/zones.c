/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/zones.h"

#include <errno.h>
#include <stdlib.h>

/*
 * The moments of one value. A value that one operation writes is held from
 * its write to the last operation that saw it: if one of these returned at
 * `from` before another was invoked at `to`, certainly between the two (a
 * held zone). If not, then it was held at some moment of [from, to].
 */
struct zone {
	uint64_t from, to;
};

static void meet(struct zone *zone, const struct rm_problem_op *op)
{
	if (op->returned < zone->from)
		zone->from = op->returned;
	if (op->invoked > zone->to)
		zone->to = op->invoked;
}

/* Whether the key was absent before or after the operation, surely. */
static bool met_absence(const struct rm_problem_op *op)
{
	if (op->optional || op->repeat)
		return false;
	if (op->kind == RM_HISTORY_REMOVE || op->kind == RM_HISTORY_TAKE ||
	        op->kind == RM_HISTORY_CLEAR)
		return true;
	if (!rm_problem_knows(op))
		return false;
	if (op->kind == RM_HISTORY_COMPARE_REMOVE)
		return op->there;
	return op->kind != RM_HISTORY_COMPARE_SWAP && !op->there;
}

/* Whether it surely held what it writes at some moment of its own. */
static bool surely_wrote(const struct rm_problem_op *op)
{
	if (op->optional || op->repeat)
		return false;
	if (op->kind == RM_HISTORY_UPSERT || op->kind == RM_HISTORY_EXCHANGE)
		return true;
	return rm_problem_writes(op) && rm_problem_knows(op) &&
	       op->there == (op->kind == RM_HISTORY_COMPARE_SWAP);
}

/* One zone per value; {UINT64_MAX, 0} where nothing is known. */
static void find_value_zones(
        const struct rm_problem *problem, struct zone *zones)
{
	const struct rm_problem_slot *slots = problem->slots;

	for (size_t s = 0; s < problem->slot_count; s++)
		zones[s] = (struct zone){ UINT64_MAX, 0 };
	if (problem->start[0].there)
		zones[problem->start[0].slot].from = 0;
	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (op->needs != RM_PROBLEM_NO_SLOT &&
		        slots[op->needs].writers == 1)
			meet(zones + op->needs, op);
		if (op->makes != RM_PROBLEM_NO_SLOT &&
		        slots[op->makes].writers == 1 &&
		        (slots[op->makes].needed || surely_wrote(op)))
			meet(zones + op->makes, op);
	}
}

/* One zone per operation that met absence; how many there are. */
static size_t find_absent_zones(
        const struct rm_problem *problem, struct zone *zones)
{
	size_t count = 0;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (met_absence(op))
			zones[count++] =
			        (struct zone){ op->returned, op->invoked };
	}
	return count;
}

/* Whether it surely replaces, or takes out, the value that it answered. */
static bool replaces(const struct rm_problem_op *op)
{
	if (op->needs == RM_PROBLEM_NO_SLOT || op->needs == op->makes)
		return false;
	return op->kind == RM_HISTORY_EXCHANGE || op->kind == RM_HISTORY_TAKE ||
	       op->kind == RM_HISTORY_COMPARE_SWAP ||
	       op->kind == RM_HISTORY_COMPARE_REMOVE;
}

/*
 * Values that follow directly on one another: an exchange that answered v and
 * wrote u puts u behind v, and nothing comes between. next[v] = u, or v where
 * it was taken out, or UINT32_MAX. False: a value is replaced twice.
 */
static bool link_values(
        const struct rm_problem *problem, uint32_t *next, uint32_t *before)
{
	const struct rm_problem_slot *slots = problem->slots;

	for (size_t s = 0; s < problem->slot_count; s++)
		next[s] = before[s] = RM_PROBLEM_NO_SLOT;
	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (!replaces(op) || slots[op->needs].writers != 1)
			continue;
		if (next[op->needs] != RM_PROBLEM_NO_SLOT)
			return false;
		next[op->needs] = op->needs;
		if (op->makes == RM_PROBLEM_NO_SLOT ||
		        slots[op->makes].writers != 1)
			continue;
		next[op->needs] = op->makes;
		before[op->makes] = op->needs;
	}
	return true;
}

/* Joins the values behind slot `first` into its zone. False: one of them was
   seen before an earlier one was seen for the last time. */
static bool join_chain(
        struct zone *zones, const uint32_t *next, uint32_t first, size_t *met)
{
	struct zone *whole = zones + first;
	uint32_t at = first;

	for (++*met; next[at] != RM_PROBLEM_NO_SLOT && next[at] != at; ++*met) {
		at = next[at];
		if (zones[at].from < whole->to)
			return false;
		if (zones[at].from < whole->from)
			whole->from = zones[at].from;
		if (zones[at].to > whole->to)
			whole->to = zones[at].to;
		zones[at] = (struct zone){ UINT64_MAX, 0 };
	}
	return true;
}

/* Joins values that follow directly on one another. *impossible: they cannot,
   or go round in a circle. 0 or -ENOMEM. */
static int join_chains(
        const struct rm_problem *problem, struct zone *zones, bool *impossible)
{
	size_t slots = problem->slot_count, met = 0;
	uint32_t *next = malloc((slots + 1) * 2 * sizeof(*next));
	uint32_t *before = next ? next + slots : NULL;

	if (!next)
		return -ENOMEM;
	*impossible = !link_values(problem, next, before);
	for (uint32_t s = 0; s < slots && !*impossible; s++)
		if (before[s] == RM_PROBLEM_NO_SLOT)
			*impossible = !join_chain(zones, next, s, &met);
	*impossible = *impossible || met != slots;
	free(next);
	return 0;
}

static int by_from(const void *left, const void *right)
{
	const struct zone *a = left, *b = right;

	return a->from < b->from ? -1 : a->from > b->from;
}

/* Whether a zone of `zones` that is not held has its moment inside one of
   the `held`, sorted and disjoint ones. */
static bool one_inside(const struct zone *zones, size_t count,
        const struct zone *held, size_t held_count)
{
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = held_count;

		if (zones[i].from < zones[i].to || zones[i].from == UINT64_MAX)
			continue; /* held, or nothing known */
		/* held[low - 1] is the last that begins before it */
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (held[middle].from < zones[i].to)
				low = middle + 1;
			else
				high = middle;
		}
		if (low && zones[i].from < held[low - 1].to)
			return true;
	}
	return false;
}

/* Sorts the held ones out and looks for contradictions. `held` has room for
   all. */
static bool contradict(
        const struct zone *zones, size_t count, struct zone *held)
{
	size_t held_count = 0;

	for (size_t i = 0; i < count; i++)
		if (zones[i].from < zones[i].to)
			held[held_count++] = zones[i];
	qsort(held, held_count, sizeof(*held), by_from);
	for (size_t i = 1; i < held_count; i++)
		if (held[i].from < held[i - 1].to)
			return true;
	return one_inside(zones, count, held, held_count);
}

int rm_zones_reject(const struct rm_problem *problem, bool *impossible)
{
	size_t most = problem->slot_count + problem->count + 1, count;
	struct zone *zones = calloc(most * 2, sizeof(*zones));
	int failed;

	if (!zones)
		return -ENOMEM;
	find_value_zones(problem, zones);
	failed = join_chains(problem, zones, impossible);
	if (!failed && !*impossible) {
		count = problem->slot_count +
		        find_absent_zones(problem, zones + problem->slot_count);
		*impossible = contradict(zones, count, zones + most);
	}
	free(zones);
	return failed;
}
