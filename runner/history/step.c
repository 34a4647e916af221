/* SPDX-License-Identifier: Apache-2.0 */
/* step.c - what a right map answers: the specification of one key. */
#include "runner/history/problem.h"

uint64_t rm_problem_append(uint64_t state, uint64_t factor, uint64_t value)
{
	__extension__ typedef unsigned __int128 u128;
	const uint64_t prime = ((uint64_t)1 << 61) - 1;

	return (uint64_t)(((u128)state * factor + value) % prime);
}

/* Whether the operation can have been told that the key was (not) there. */
static bool told(const struct rm_problem_op *op, bool there)
{
	return !rm_problem_knows(op) || op->there == there;
}

/* The same, and the value that it was told. */
static bool told_value(
        const struct rm_problem_op *op, const struct rm_problem_cell *cell)
{
	if (!rm_problem_knows(op))
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
		return told_value(op, cell) ? RM_SAME : RM_ILLEGAL;
	case RM_HISTORY_UPSERT:
		return told(op, cell->there) ? write_value(op, cell, after)
		                             : RM_ILLEGAL;
	case RM_HISTORY_EXCHANGE:
		return told_value(op, cell) ? write_value(op, cell, after)
		                            : RM_ILLEGAL;
	case RM_HISTORY_REMOVE:
		return told(op, cell->there) ? take_out(cell, after)
		                             : RM_ILLEGAL;
	case RM_HISTORY_TAKE:
		return told_value(op, cell) ? take_out(cell, after)
		                            : RM_ILLEGAL;
	case RM_HISTORY_INSERT_IF_ABSENT:
		if (!told_value(op, cell))
			return RM_ILLEGAL;
		return cell->there ? RM_SAME : write_value(op, cell, after);
	case RM_HISTORY_COMPARE_SWAP:
		if (!told(op, equal))
			return RM_ILLEGAL;
		return equal ? write_value(op, cell, after) : RM_SAME;
	case RM_HISTORY_COMPARE_REMOVE:
		if (!told(op, equal))
			return RM_ILLEGAL;
		return equal ? take_out(cell, after) : RM_SAME;
	case RM_HISTORY_APPEND:
		return told(op, cell->there) ? append(op, cell, after)
		                             : RM_ILLEGAL;
	default: /* clear */
		return take_out(cell, after);
	}
}
