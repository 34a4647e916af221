/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - depth first, with a stack of its own. */
#include "runner/history/search.h"
#include "runner/history/search_state.h"

#include <errno.h>

/* The stamp by which the next operation must have taken effect: one that was
   invoked later has to wait. */
static uint64_t earliest_return(const struct rm_search *search)
{
	const struct rm_problem *problem = search->problem;
	uint64_t bound = RM_HISTORY_NEVER;

	for (size_t l = 0; l < problem->lane_count; l++) {
		if (search->at[l] == problem->lanes[l].end)
			continue;
		uint64_t returned = problem->ops[search->at[l]].returned;

		if (returned < bound)
			bound = returned;
	}
	return bound;
}

/* The next operation of a lane if it may be taken now, else NULL. */
static const struct rm_problem_op *next_of(
        const struct rm_search *search, size_t lane, uint64_t bound)
{
	const struct rm_problem *problem = search->problem;
	const struct rm_problem_op *op = problem->ops + search->at[lane];

	if (search->at[lane] == problem->lanes[lane].end || op->invoked > bound)
		return NULL;
	return op;
}

/*
 * Takes all that fits and changes nothing. *open: how many operations could
 * come next. 0 or -ENOMEM.
 */
static int take_the_harmless(struct rm_search *search, size_t *open)
{
	struct rm_problem_cell after;
	bool again = true;

	while (again) {
		uint64_t bound = earliest_return(search);

		again = false;
		*open = 0;
		for (size_t l = 0; l < search->problem->lane_count; l++) {
			const struct rm_problem_op *op =
			        next_of(search, l, bound);

			if (!op)
				continue;
			*open += op->repeat ? 2 : 1;
			if (!op->harmless ||
			        rm_search_effect(search, op, &after) != RM_SAME)
				continue;
			if (rm_search_take(search, l, RM_TAKE_FORCED, NULL))
				return -ENOMEM;
			again = true;
		}
	}
	return 0;
}

/* Choices at one state are tried by return, lane and, of an operation that
   stands for many, first once more and then no more. */
static bool is_after(
        const struct rm_search_frame *tried, uint64_t returned, uint32_t choice)
{
	return !tried->any || returned > tried->returned ||
	       (returned == tried->returned && choice > tried->choice);
}

/* Whether taking it leads somewhere: an operation that need not take effect
   is not worth it without effect. */
static bool is_promising(
        const struct rm_search *search, const struct rm_problem_op *op)
{
	struct rm_problem_cell after;

	switch (rm_search_effect(search, op, &after)) {
	case RM_CHANGED:
		return !rm_search_is_hopeless(search, op);
	case RM_SAME:
		return !op->optional && !op->repeat;
	default:
		return false;
	}
}

/* Finds the first choice after `tried` that is possible and not hopeless. */
static bool find_choice(
        const struct rm_search *search, struct rm_search_frame *tried)
{
	uint64_t bound = earliest_return(search);
	struct rm_search_frame best = { .any = false };

	for (size_t l = 0; l < search->problem->lane_count; l++) {
		const struct rm_problem_op *op = next_of(search, l, bound);

		for (uint32_t c = 0; op && c < (op->repeat ? 2U : 1U); c++) {
			uint32_t choice = (uint32_t)l * 2 + c;

			if (!is_after(tried, op->returned, choice) ||
			        (best.any &&
			                is_after(&best, op->returned, choice)))
				continue;
			if (c == 0 && !is_promising(search, op))
				continue;
			best.any = true;
			best.returned = op->returned;
			best.choice = choice;
		}
	}
	tried->any = true;
	tried->returned = best.returned;
	tried->choice = best.choice;
	return best.any;
}

/* Takes the next choice after `tried`, of this state or of the last one that
   has one. 1: taken, 0: there is none, -ENOMEM. */
static int choose(struct rm_search *search, struct rm_search_frame *tried)
{
	while (!find_choice(search, tried))
		if (!rm_search_undo(search, tried))
			return 0;
	size_t lane = tried->choice / 2;
	bool repeat = search->problem->ops[search->at[lane]].repeat;
	enum rm_search_take how = RM_TAKE_CHOICE;

	if (repeat)
		how = tried->choice % 2 ? RM_TAKE_LEAVE : RM_TAKE_AGAIN;
	return rm_search_take(search, lane, how, tried) ? -ENOMEM : 1;
}

enum rm_search_end rm_search_run(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes)
{
	size_t open = 0;

	search->states_limit = states;
	search->memory_limit = memory_bytes;
	if (rm_search_start(search, problem))
		return RM_GAVE_UP;
	for (;;) {
		struct rm_search_frame tried = { .any = false };
		int fresh = 1;

		if (take_the_harmless(search, &open))
			return RM_GAVE_UP;
		if (!search->left)
			return RM_POSSIBLE;
		if (++search->states > states)
			return RM_GAVE_UP;
		if (open > 1) /* else one way leads here and one away */
			fresh = rm_search_remember(search);
		if (fresh < 0)
			return RM_GAVE_UP;
		if (!fresh && !rm_search_undo(search, &tried))
			return RM_IMPOSSIBLE;
		switch (choose(search, &tried)) {
		case 0:
			return RM_IMPOSSIBLE;
		case 1:
			break;
		default:
			return RM_GAVE_UP;
		}
	}
}
