/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/reject.h"

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

bool rm_reject_unwritten(const struct rm_problem *problem)
{
	if (problem->appends)
		return false;
	for (size_t s = 0; s < problem->slot_count; s++)
		if (problem->slots[s].needed && !problem->slots[s].writers)
			return true;
	return false;
}

/* How a key's operations change the number of its entries. */
struct changes {
	long long sure, perhaps_up, perhaps_down;
};

static void count_change(
        struct changes *changes, const struct rm_problem_op *op)
{
	const long long many = op->repeat ? 1LL << 40 : 1;
	bool inserts = op->kind == RM_HISTORY_UPSERT ||
	               op->kind == RM_HISTORY_EXCHANGE ||
	               op->kind == RM_HISTORY_APPEND ||
	               op->kind == RM_HISTORY_INSERT_IF_ABSENT;
	bool removes = rm_problem_removes(op);

	if (!rm_problem_knows(op) || op->kind == RM_HISTORY_CLEAR) {
		changes->perhaps_up += inserts ? many : 0;
		changes->perhaps_down += removes ? many : 0;
		return;
	}
	changes->sure += inserts && !op->there;
	changes->sure -= removes && op->there;
}

/* start + inserts - removes is 0 or 1 at the end, whatever the order. */
static bool cannot_count(const struct rm_problem *problem)
{
	struct changes changes = { .sure = problem->start[0].there };

	for (size_t i = 0; i < problem->count; i++)
		count_change(&changes, problem->ops + i);
	return changes.sure > 1 + changes.perhaps_down ||
	       changes.sure < -changes.perhaps_up;
}

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

/* One zone per value, then one per operation that met absence. */
static size_t find_zones(const struct rm_problem *problem, struct zone *zones)
{
	const struct rm_problem_slot *slots = problem->slots;
	size_t count = problem->slot_count;

	for (size_t s = 0; s < count; s++)
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
		if (met_absence(op))
			zones[count++] =
			        (struct zone){ op->returned, op->invoked };
	}
	return count;
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

int rm_reject(const struct rm_problem *problem, bool *impossible)
{
	struct zone *zones, *held;
	size_t count, held_count = 0;

	*impossible = cannot_count(problem);
	if (*impossible || problem->appends)
		return 0;
	zones = malloc((problem->slot_count + problem->count + 1) * 2 *
	               sizeof(*zones));
	if (!zones)
		return -ENOMEM;
	count = find_zones(problem, zones);
	held = zones + count;
	for (size_t i = 0; i < count; i++)
		if (zones[i].from < zones[i].to)
			held[held_count++] = zones[i];
	qsort(held, held_count, sizeof(*held), by_from);
	for (size_t i = 1; i < held_count; i++)
		*impossible |= held[i].from < held[i - 1].to;
	*impossible = *impossible || one_inside(zones, count, held, held_count);
	free(zones);
	return 0;
}
