/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_order.c - decides whether the operations of a problem have a valid
 * order. Quick proofs that no order exists run before and after a short search.
 * Most histories are correct, which the search confirms quickly. For a wrong
 * history the search would try every order, while counting or comparing times
 * finds most contradictions in O(n log n).
 */
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>

bool rm_prove_unwritten(const struct rm_problem *problem)
{
	if (problem->appends)
		return false;
	for (size_t s = 0; s < problem->slot_count; s++)
		if (problem->slots[s].needed && !problem->slots[s].writers)
			return true;
	return false;
}

/*
 * A zone states when one value was in the map. `from` may be after `to`. If
 * only one operation writes a value, the map holds it from that write to the
 * last operation that returned it. If one of these operations returned at
 * `from` before another was invoked at `to`, the map certainly held the value
 * between them (a held zone). Otherwise it held the value at some moment of
 * [to, from].
 */
static void extend_zone(struct rm_span *zone, const struct rm_problem_op *op)
{
	if (op->returned < zone->from)
		zone->from = op->returned;
	if (op->invoked > zone->to)
		zone->to = op->invoked;
}

/* True if the key was certainly absent just before or just after the operation
 * took effect. */
static bool saw_absence(const struct rm_problem_op *op)
{
	if (op->optional || op->repeat)
		return false;
	if (op->kind == RM_HISTORY_REMOVE || op->kind == RM_HISTORY_TAKE ||
	        op->kind == RM_HISTORY_CLEAR)
		return true;
	if (!rm_problem_is_known(op))
		return false;
	if (op->kind == RM_HISTORY_COMPARE_REMOVE)
		return op->there;
	return op->kind != RM_HISTORY_COMPARE_SWAP && !op->there;
}

/* True if the key certainly had the operation's value at some moment of the
 * operation. */
static bool surely_wrote(const struct rm_problem_op *op)
{
	if (op->optional || op->repeat)
		return false;
	if (op->kind == RM_HISTORY_UPSERT || op->kind == RM_HISTORY_EXCHANGE)
		return true;
	return rm_kind_writes(op->kind) && rm_problem_is_known(op) &&
	       op->there == (op->kind == RM_HISTORY_COMPARE_SWAP);
}

/* Computes one zone per value; {UINT64_MAX, 0} if nothing is known. */
static void find_value_zones(
        const struct rm_problem *problem, struct rm_span *zones)
{
	const struct rm_problem_slot *slots = problem->slots;

	for (size_t s = 0; s < problem->slot_count; s++)
		zones[s] = (struct rm_span){ UINT64_MAX, 0 };
	if (problem->start[0].there)
		zones[problem->start[0].slot].from = 0;
	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (op->needs != RM_PROBLEM_NO_SLOT &&
		        slots[op->needs].writers == 1)
			extend_zone(zones + op->needs, op);
		if (op->makes != RM_PROBLEM_NO_SLOT &&
		        slots[op->makes].writers == 1 &&
		        (slots[op->makes].needed || surely_wrote(op)))
			extend_zone(zones + op->makes, op);
	}
}

/* Computes one zone per operation that saw the key absent; returns their
   number. */
static size_t find_absent_zones(
        const struct rm_problem *problem, struct rm_span *zones)
{
	size_t count = 0;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (saw_absence(op))
			zones[count++] =
			        (struct rm_span){ op->returned, op->invoked };
	}
	return count;
}

/* True if the operation certainly replaced or removed the value that it
   returned. */
static bool replaces(const struct rm_problem_op *op)
{
	if (op->needs == RM_PROBLEM_NO_SLOT || op->needs == op->makes)
		return false;
	return op->kind == RM_HISTORY_EXCHANGE || op->kind == RM_HISTORY_TAKE ||
	       op->kind == RM_HISTORY_COMPARE_SWAP ||
	       op->kind == RM_HISTORY_COMPARE_REMOVE;
}

/*
 * Finds values that follow each other directly: an exchange that returned v and
 * wrote u puts u right after v. next[v] = u, or v if it was removed, or
 * UINT32_MAX. Returns false if a value is replaced twice.
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
		/* A slot that an operation needs is below slot_count, so its
		   element is set.
		  
		   NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
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

/* Joins the values after slot `first` into its zone. Returns false if one of
   them was seen before an earlier one was last seen. */
static bool join_chain(struct rm_span *zones, const uint32_t *next,
        uint32_t first, size_t *joined)
{
	struct rm_span *whole = zones + first;
	uint32_t at = first;

	for (++*joined; next[at] != RM_PROBLEM_NO_SLOT && next[at] != at;
	        ++*joined) {
		at = next[at];
		if (zones[at].from < whole->to)
			return false;
		if (zones[at].from < whole->from)
			whole->from = zones[at].from;
		if (zones[at].to > whole->to)
			whole->to = zones[at].to;
		zones[at] = (struct rm_span){ UINT64_MAX, 0 };
	}
	return true;
}

/* Joins values that follow each other directly. *impossible: the values
   contradict each other, or form a cycle. Returns 0 or -ENOMEM. */
static int join_chains(const struct rm_problem *problem, struct rm_span *zones,
        bool *impossible)
{
	size_t slots = problem->slot_count, joined = 0;
	uint32_t *next = malloc((slots + 1) * 2 * sizeof(*next));
	uint32_t *before = next ? next + slots : NULL;

	if (!next)
		return -ENOMEM;
	*impossible = !link_values(problem, next, before);
	for (uint32_t s = 0; s < slots && !*impossible; s++)
		if (before[s] == RM_PROBLEM_NO_SLOT)
			*impossible = !join_chain(zones, next, s, &joined);
	*impossible = *impossible || joined != slots;
	free(next);
	return 0;
}

/* True if the moment of a zone that is not held must be inside a held zone.
   `held` is sorted and disjoint. */
static bool one_inside(const struct rm_span *zones, size_t count,
        const struct rm_span *held, size_t held_count)
{
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = held_count;

		if (zones[i].from < zones[i].to || zones[i].from == UINT64_MAX)
			continue; /* the zone is held, or unknown */
		/* held[low - 1] is the last held zone that begins before the
		 * zone */
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

/* Collects the held zones in `held`, which has space for all zones, and looks
   for contradictions. */
static bool contradict(
        const struct rm_span *zones, size_t count, struct rm_span *held)
{
	size_t held_count = 0;

	for (size_t i = 0; i < count; i++)
		if (zones[i].from < zones[i].to)
			held[held_count++] = zones[i];
	qsort(held, held_count, sizeof(*held), rm_span_compare);
	for (size_t i = 1; i < held_count; i++)
		if (held[i].from < held[i - 1].to)
			return true;
	return one_inside(zones, count, held, held_count);
}

/* Sets *impossible if the key must have had two values, or a value and absence,
   at one moment, or if a value is replaced twice. Only for one key without
   appends. Returns 0 or -ENOMEM. */
static int reject_zones(const struct rm_problem *problem, bool *impossible)
{
	size_t most = problem->slot_count + problem->count + 1, count;
	struct rm_span *zones = calloc(most * 2, sizeof(*zones));
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

/* Counts how operations on a key change its number of entries (0 or 1). */
struct changes {
	long long sure, perhaps_up, perhaps_down;
};

static void count_change(
        struct changes *changes, const struct rm_problem_op *op)
{
	const long long many = op->repeat ? 1LL << 40 : 1;
	bool inserts = rm_kind_inserts(op->kind);
	bool removes = rm_kind_removes(op->kind);

	if (!rm_problem_is_known(op) || op->kind == RM_HISTORY_CLEAR) {
		changes->perhaps_up += inserts ? many : 0;
		changes->perhaps_down += removes ? many : 0;
		return;
	}
	changes->sure += inserts && !op->there;
	changes->sure -= removes && op->there;
}

/* Whatever the order, start + inserts - removes must be 0 or 1 at the end. */
static bool cannot_count(const struct rm_problem *problem)
{
	struct changes changes = { .sure = problem->start[0].there };

	for (size_t i = 0; i < problem->count; i++)
		count_change(&changes, problem->ops + i);
	return changes.sure > 1 + changes.perhaps_down ||
	       changes.sure < -changes.perhaps_up;
}

int rm_prove_impossible(const struct rm_problem *problem, bool *impossible)
{
	*impossible = cannot_count(problem);
	if (*impossible || problem->appends)
		return 0;
	return reject_zones(problem, impossible);
}

/* Maximum number of states of the short search: a typical history needs fewer
   states than it has operations. */
static uint64_t short_search(const struct rm_problem *problem)
{
	return 1000 + 16 * (uint64_t)problem->count;
}

enum rm_search_end rm_decide_order(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes,
        uint64_t *visited)
{
	uint64_t first = short_search(problem);
	uint64_t ignored = 0;
	enum rm_search_end end;
	bool impossible = false;

	if (!visited)
		visited = &ignored;
	if (rm_prove_unwritten(problem))
		return RM_IMPOSSIBLE;
	end = rm_search_run(
	        search, problem, first < states ? first : states, memory_bytes);
	*visited += search->states;
	if (end != RM_GAVE_UP || first >= states)
		return end;
	if (problem->keys == 1 && rm_prove_impossible(problem, &impossible))
		return RM_GAVE_UP;
	if (impossible)
		return RM_IMPOSSIBLE;
	end = rm_search_run(search, problem, states, memory_bytes);
	*visited += search->states;
	return end;
}
