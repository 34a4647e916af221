/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.c - collects the operations on one key, or on all keys of a small
 * history, and links values to operations. Also specifies the results and
 * effects of each operation on one key of a correct map.
 */
#include "runner/base/rng.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rm_problem_begin(struct rm_problem *problem, size_t keys)
{
	if (rm_array_grow(&problem->start, 0, &problem->key_room, keys,
	            sizeof(*problem->start)))
		return -ENOMEM;
	for (size_t i = 0; i < keys; i++)
		problem->start[i] =
		        (struct rm_problem_cell){ .slot = RM_PROBLEM_NO_SLOT };
	problem->keys = keys;
	problem->count = problem->pair_count = problem->lane_count = 0;
	problem->slot_count = 0;
	problem->appends = false;
	return 0;
}

static int add_pairs(struct rm_problem *problem,
        const struct rm_problem_pair *pairs, size_t count)
{
	if (rm_array_grow(&problem->pairs, problem->pair_count,
	            &problem->pair_room, count, sizeof(*problem->pairs)))
		return -ENOMEM;
	memcpy(problem->pairs + problem->pair_count, pairs,
	        count * sizeof(*pairs));
	problem->pair_count += count;
	return 0;
}

int rm_problem_add(struct rm_problem *problem, const struct rm_problem_op *op,
        const struct rm_problem_pair *pairs)
{
	struct rm_problem_op *to;
	bool first;

	if (rm_array_grow(&problem->ops, problem->count, &problem->room, 1,
	            sizeof(*problem->ops)) ||
	        rm_array_grow(&problem->lanes, problem->lane_count,
	                &problem->lane_room, 1, sizeof(*problem->lanes)))
		return -ENOMEM;
	first = !problem->count ||
	        problem->ops[problem->count - 1].thread != op->thread;
	to = problem->ops + problem->count;
	*to = *op;
	to->first_pair = (uint32_t)problem->pair_count;
	if (op->pairs && add_pairs(problem, pairs, op->pairs))
		return -ENOMEM;
	if (first)
		problem->lanes[problem->lane_count++].first =
		        (uint32_t)problem->count;
	problem->count++;
	problem->lanes[problem->lane_count - 1].end = (uint32_t)problem->count;
	problem->appends |= op->kind == RM_HISTORY_APPEND;
	return 0;
}

/* Returns the slot of a key's value; creates it if needed. The table must have
 * space. */
static uint32_t slot_of(
        struct rm_problem *problem, uint32_t key, uint64_t value)
{
	size_t mask = problem->table_size - 1;
	size_t at = rm_multiply_fold(value ^ 0x9e3779b97f4a7c15U,
	                    key + 0xa0761d6478bd642fU) &
	            mask;

	for (; problem->table[at]; at = (at + 1) & mask) {
		uint32_t slot = problem->table[at] - 1;

		if (problem->slots[slot].value == value &&
		        problem->slots[slot].key == key)
			return slot;
	}
	problem->slots[problem->slot_count] =
	        (struct rm_problem_slot){ .value = value, .key = key };
	problem->table[at] = (uint32_t)++problem->slot_count;
	return problem->table[at] - 1;
}

/* Makes space for two slots per operation, one per pair and one per key. */
static int make_room(struct rm_problem *problem)
{
	size_t most = 2 * problem->count + problem->pair_count + problem->keys;
	size_t size = 16;

	while (size < 2 * most)
		size *= 2;
	if (rm_array_grow(&problem->slots, 0, &problem->slot_room, most,
	            sizeof(*problem->slots)) ||
	        rm_array_grow(&problem->table, 0, &problem->table_room, size,
	                sizeof(*problem->table)))
		return -ENOMEM;
	problem->table_size = size;
	memset(problem->table, 0, size * sizeof(*problem->table));
	problem->slot_count = 0;
	return 0;
}

/* Counts the possible writers of a value and the operations that returned it. A
   value with one writer cannot come back once it is replaced: the search and
   the quick proofs depend on that. */
static void connect(struct rm_problem *problem, struct rm_problem_op *op)
{
	bool shows = rm_history_returns_value(op->kind) && op->there &&
	             !(op->unknown & RM_HISTORY_UNKNOWN_RESULT);
	bool compares = rm_kind_compares(op->kind) && op->there;

	op->needs = op->makes = RM_PROBLEM_NO_SLOT;
	if (rm_problem_is_known(op) && (shows || compares)) {
		op->needs = slot_of(
		        problem, op->key, shows ? op->result : op->expected);
		problem->slots[op->needs].needed++;
	}
	if (rm_kind_writes(op->kind)) {
		op->makes = slot_of(problem, op->key, op->value);
		problem->slots[op->makes].writers++;
	}
	for (size_t i = 0; i < op->pairs; i++) {
		struct rm_problem_pair *pair =
		        problem->pairs + op->first_pair + i;

		pair->slot = slot_of(problem, pair->key, pair->value);
		problem->slots[pair->slot].needed += !op->optional;
	}
}

static bool is_harmless(const struct rm_problem_op *op)
{
	if (rm_kind_reads(op->kind))
		return true;
	if (!rm_problem_is_known(op) || op->kind == RM_HISTORY_CLEAR)
		return false;
	if (op->kind == RM_HISTORY_INSERT_IF_ABSENT)
		return op->there;
	return !op->there && (rm_kind_removes(op->kind) ||
	                             op->kind == RM_HISTORY_COMPARE_SWAP);
}

int rm_problem_finish(struct rm_problem *problem)
{
	if (make_room(problem))
		return -ENOMEM;
	for (size_t k = 0; k < problem->keys; k++) {
		struct rm_problem_cell *cell = problem->start + k;

		cell->slot = RM_PROBLEM_NO_SLOT;
		if (!cell->there)
			continue;
		cell->slot = slot_of(problem, (uint32_t)k, cell->value);
		problem->slots[cell->slot].writers++;
	}
	for (size_t i = 0; i < problem->count; i++) {
		connect(problem, problem->ops + i);
		problem->ops[i].harmless = is_harmless(problem->ops + i);
	}
	return 0;
}

void rm_problem_clear(struct rm_problem *problem)
{
	free(problem->ops);
	free(problem->pairs);
	free(problem->lanes);
	free(problem->start);
	free(problem->slots);
	free(problem->table);
	*problem = (struct rm_problem){ .ops = NULL };
}

size_t rm_problem_bytes(const struct rm_problem *problem)
{
	return problem->room * sizeof(*problem->ops) +
	       problem->pair_room * sizeof(*problem->pairs) +
	       problem->lane_room * sizeof(*problem->lanes) +
	       problem->key_room * sizeof(*problem->start) +
	       problem->slot_room * sizeof(*problem->slots) +
	       problem->table_room * sizeof(*problem->table);
}

uint64_t rm_problem_append(uint64_t state, uint64_t factor, uint64_t value)
{
	__extension__ typedef unsigned __int128 u128;
	const uint64_t prime = ((uint64_t)1 << 61) - 1;

	return (uint64_t)(((u128)state * factor + value) % prime);
}

/* True if the operation could have returned this `there`. */
static bool can_return(const struct rm_problem_op *op, bool there)
{
	return !rm_problem_is_known(op) || op->there == there;
}

/* True if the operation could have returned the contents of this cell. */
static bool can_return_cell(
        const struct rm_problem_op *op, const struct rm_problem_cell *cell)
{
	if (!rm_problem_is_known(op))
		return true;
	if (op->there != cell->there)
		return false;
	return !op->there || (op->unknown & RM_HISTORY_UNKNOWN_RESULT) ||
	       op->result == cell->value;
}

static enum rm_problem_effect write_value(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after)
{
	if (cell->there && cell->value == op->value)
		return RM_SAME;
	*after = (struct rm_problem_cell){ op->value, op->makes, true };
	return RM_CHANGED;
}

static enum rm_problem_effect take_out(
        const struct rm_problem_cell *cell, struct rm_problem_cell *after)
{
	*after = (struct rm_problem_cell){ 0, RM_PROBLEM_NO_SLOT, false };
	return cell->there ? RM_CHANGED : RM_SAME;
}

static enum rm_problem_effect append(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after)
{
	uint64_t before = cell->there ? cell->value : 0;

	*after = (struct rm_problem_cell){ rm_problem_append(before,
		                                   op->expected, op->value),
		RM_PROBLEM_NO_SLOT, true };
	return cell->there && cell->value == after->value ? RM_SAME
	                                                  : RM_CHANGED;
}

enum rm_problem_effect rm_problem_step(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after)
{
	bool equal = cell->there && cell->value == op->expected;

	switch (op->kind) {
	case RM_HISTORY_LOOKUP:
		return can_return_cell(op, cell) ? RM_SAME : RM_ILLEGAL;
	case RM_HISTORY_UPSERT:
		return can_return(op, cell->there)
		               ? write_value(op, cell, after)
		               : RM_ILLEGAL;
	case RM_HISTORY_EXCHANGE:
		return can_return_cell(op, cell) ? write_value(op, cell, after)
		                                 : RM_ILLEGAL;
	case RM_HISTORY_REMOVE:
		return can_return(op, cell->there) ? take_out(cell, after)
		                                   : RM_ILLEGAL;
	case RM_HISTORY_TAKE:
		return can_return_cell(op, cell) ? take_out(cell, after)
		                                 : RM_ILLEGAL;
	case RM_HISTORY_INSERT_IF_ABSENT:
		if (!can_return_cell(op, cell))
			return RM_ILLEGAL;
		return cell->there ? RM_SAME : write_value(op, cell, after);
	case RM_HISTORY_COMPARE_SWAP:
		if (!can_return(op, equal))
			return RM_ILLEGAL;
		return equal ? write_value(op, cell, after) : RM_SAME;
	case RM_HISTORY_COMPARE_REMOVE:
		if (!can_return(op, equal))
			return RM_ILLEGAL;
		return equal ? take_out(cell, after) : RM_SAME;
	case RM_HISTORY_APPEND:
		return can_return(op, cell->there) ? append(op, cell, after)
		                                   : RM_ILLEGAL;
	default: /* clear */
		return take_out(cell, after);
	}
}
