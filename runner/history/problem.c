/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - collects operations and what each value is needed by. */
#include "runner/history/problem.h"
#include "runner/base/rng.h"
#include "runner/history/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rm_problem_begin(struct rm_problem *problem, size_t keys)
{
	void *start = rm_array_grown(problem->start, 0, &problem->key_room,
	        keys, sizeof(*problem->start));

	if (!start)
		return -ENOMEM;
	problem->start = start;
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
	void *array = rm_array_grown(problem->pairs, problem->pair_count,
	        &problem->pair_room, count, sizeof(*problem->pairs));

	if (!array)
		return -ENOMEM;
	problem->pairs = array;
	memcpy(problem->pairs + problem->pair_count, pairs,
	        count * sizeof(*pairs));
	problem->pair_count += count;
	return 0;
}

int rm_problem_add(struct rm_problem *problem, const struct rm_problem_op *op,
        const struct rm_problem_pair *pairs)
{
	void *ops = rm_array_grown(problem->ops, problem->count, &problem->room,
	        1, sizeof(*problem->ops));
	void *lanes = rm_array_grown(problem->lanes, problem->lane_count,
	        &problem->lane_room, 1, sizeof(*problem->lanes));
	struct rm_problem_op *to;
	bool first;

	if (ops)
		problem->ops = ops;
	if (lanes)
		problem->lanes = lanes;
	if (!ops || !lanes)
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

/* The slot of a key's value; makes it if need be. There is room. */
static uint32_t slot_of(
        struct rm_problem *problem, uint32_t key, uint64_t value)
{
	size_t mask = problem->table_size - 1;
	size_t at =
	        rm_mum(value ^ 0x9e3779b97f4a7c15U, key + 0xa0761d6478bd642fU) &
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

/* Room for two slots an operation, one a pair and a key, half full at most. */
static int make_room(struct rm_problem *problem)
{
	size_t most = 2 * problem->count + problem->pair_count + problem->keys;
	size_t size = 16;
	void *array = rm_array_grown(problem->slots, 0, &problem->slot_room,
	        most, sizeof(*problem->slots));

	if (!array)
		return -ENOMEM;
	problem->slots = array;
	while (size < 2 * most)
		size *= 2;
	array = rm_array_grown(problem->table, 0, &problem->table_room, size,
	        sizeof(*problem->table));
	if (!array)
		return -ENOMEM;
	problem->table = array;
	problem->table_size = size;
	memset(problem->table, 0, size * sizeof(*problem->table));
	problem->slot_count = 0;
	return 0;
}

static void connect(struct rm_problem *problem, struct rm_problem_op *op)
{
	bool shows = rm_problem_shows_value(op) && op->there &&
	             !(op->unknown & RM_HISTORY_UNKNOWN_RESULT);
	bool compares = (op->kind == RM_HISTORY_COMPARE_SWAP ||
	                        op->kind == RM_HISTORY_COMPARE_REMOVE) &&
	                op->there;

	op->needs = op->makes = RM_PROBLEM_NO_SLOT;
	if (rm_problem_knows(op) && (shows || compares)) {
		op->needs = slot_of(
		        problem, op->key, shows ? op->result : op->expected);
		problem->slots[op->needs].needed++;
	}
	if (rm_problem_writes(op)) {
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
	if (op->kind == RM_HISTORY_LOOKUP || op->kind == RM_HISTORY_LENGTH ||
	        op->kind == RM_HISTORY_SCAN)
		return true;
	if (!rm_problem_knows(op) || op->kind == RM_HISTORY_CLEAR)
		return false;
	if (op->kind == RM_HISTORY_INSERT_IF_ABSENT)
		return op->there;
	return !op->there &&
	       (rm_problem_removes(op) || op->kind == RM_HISTORY_COMPARE_SWAP);
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
