/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/reject.h"
#include "runner/history/zones.h"

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

int rm_reject(const struct rm_problem *problem, bool *impossible)
{
	*impossible = cannot_count(problem);
	if (*impossible || problem->appends)
		return 0;
	return rm_zones_reject(problem, impossible);
}
