/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.c - depth-first search with its own stack.
 *
 * The first half takes operations and undoes them, and the second half chooses
 * among them. Both need the whole state of the search, so they are in one file,
 * which is longer than most.
 */
#include "runner/base/rng.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum take {
	TAKE_FORCED, /* taken without an alternative */
	TAKE_CHOICE, /* one of several possible operations */
	TAKE_AGAIN,  /* `repeat`: takes effect, and may take effect again */
	TAKE_LEAVE   /* `repeat`: no further effects */
};

/* A taken operation, the cell that it replaced, and the choice. */
struct rm_search_frame {
	struct rm_problem_cell before;
	uint64_t returned; /* the choice: see is_after() */
	uint32_t choice;
	uint32_t lane;
	uint8_t how;
	bool any; /* returned and choice are set */
	bool changed;
};

/* Adds a cell to the hashes of all cells. */
static void add_cell(struct rm_search *search, uint32_t key, int sign)
{
	const struct rm_problem_cell *cell = search->cells + key;
	uint64_t mix;

	if (!cell->there)
		return;
	search->present += (size_t)sign;
	mix = rm_multiply_fold(cell->value ^ 0x8ebc6af09c88c6e3U,
	        (key + 1) * 0x9e3779b97f4a7c15U);
	search->sums[0] += (uint64_t)sign * mix;
	mix = rm_multiply_fold(
	        cell->value ^ 0x589965cc75374cc3U, mix ^ 0x1d8e4e27c47d124fU);
	search->sums[1] += (uint64_t)sign * mix;
}

static void set_cell(
        struct rm_search *search, uint32_t key, struct rm_problem_cell to)
{
	add_cell(search, key, -1);
	search->cells[key] = to;
	add_cell(search, key, 1);
}

static unsigned bytes_of_counters(const struct rm_problem *problem)
{
	uint32_t longest = 0;

	for (size_t l = 0; l < problem->lane_count; l++) {
		uint32_t length =
		        problem->lanes[l].end - problem->lanes[l].first;

		if (length > longest)
			longest = length;
	}
	return longest <= UINT8_MAX ? 1 : longest <= UINT16_MAX ? 2 : 4;
}

static int make_room(struct rm_search *search, const struct rm_problem *problem)
{
	if (rm_array_grow(&search->cells, 0, &search->cell_room, problem->keys,
	            sizeof(*search->cells)) ||
	        rm_array_grow(&search->at, 0, &search->at_room,
	                problem->lane_count, sizeof(*search->at)) ||
	        rm_array_grow(&search->needed, 0, &search->needed_room,
	                problem->slot_count, sizeof(*search->needed)))
		return -ENOMEM;
	return 0;
}

/* Prepares the first state. Returns 0 or -ENOMEM. */
static int begin_search(
        struct rm_search *search, const struct rm_problem *problem)
{
	size_t held, entry_bytes;

	search->problem = problem;
	search->depth = search->saved_count = search->present = 0;
	search->sums[0] = search->sums[1] = search->left = search->states = 0;
	if (make_room(search, problem))
		return -ENOMEM;
	for (uint32_t k = 0; k < problem->keys; k++) {
		search->cells[k] = problem->start[k];
		add_cell(search, k, 1);
	}
	for (size_t l = 0; l < problem->lane_count; l++)
		search->at[l] = problem->lanes[l].first;
	for (size_t s = 0; s < problem->slot_count; s++)
		search->needed[s] = problem->slots[s].needed;
	for (size_t i = 0; i < problem->count; i++)
		search->left +=
		        !problem->ops[i].optional && !problem->ops[i].repeat;
	search->counter_bytes = bytes_of_counters(problem);
	entry_bytes = problem->lane_count * search->counter_bytes +
	              2 * sizeof(uint64_t);
	held = rm_search_bytes(search) - rm_memo_bytes(&search->memo);
	if (held > search->memory_limit)
		return -ENOMEM;
	return rm_memo_begin(
	        &search->memo, entry_bytes, search->memory_limit - held);
}

static bool yielded_all(
        const struct rm_search *search, const struct rm_problem_op *op)
{
	const struct rm_problem_pair *pair =
	        search->problem->pairs + op->first_pair;

	if (op->optional)
		return true;
	for (size_t i = 0; i < op->pairs; i++, pair++)
		if (!search->cells[pair->key].there ||
		        search->cells[pair->key].value != pair->value)
			return false;
	return op->pairs == search->present;
}

/* Computes the effect of an operation in the current state. `after` is one
   cell; not set for clear of several keys. */
static enum rm_problem_effect effect_of(const struct rm_search *search,
        const struct rm_problem_op *op, struct rm_problem_cell *after)
{
	switch (op->kind) {
	case RM_HISTORY_LENGTH:
		return op->optional || op->unknown ||
		                       op->result == search->present
		               ? RM_SAME
		               : RM_ILLEGAL;
	case RM_HISTORY_SCAN:
		return yielded_all(search, op) ? RM_SAME : RM_ILLEGAL;
	case RM_HISTORY_CLEAR:
		return search->present ? RM_CHANGED : RM_SAME;
	default:
		return rm_problem_step(op, search->cells + op->key, after);
	}
}

/* True if an operation that returned the contents of this cell is not taken
   yet. `own`: the slot that the replacing operation itself returns. */
static bool is_needed(const struct rm_search *search,
        const struct rm_problem_cell *cell, uint32_t own)
{
	if (cell->slot == RM_PROBLEM_NO_SLOT || search->problem->appends ||
	        search->problem->slots[cell->slot].writers != 1)
		return false;
	return search->needed[cell->slot] > (cell->slot == own ? 1 : 0);
}

/* True if the operation would replace a value that is still needed and cannot
 * be written again. */
static bool is_hopeless(
        const struct rm_search *search, const struct rm_problem_op *op)
{
	if (op->kind != RM_HISTORY_CLEAR)
		return is_needed(search, search->cells + op->key, op->needs);
	for (size_t k = 0; k < search->problem->keys; k++)
		if (is_needed(search, search->cells + k, RM_PROBLEM_NO_SLOT))
			return true;
	return false;
}

/* Decrements (-1) or increments (1) the number of unexplained results of the
 * values that the operation returned. */
static void count_explained(
        struct rm_search *search, const struct rm_problem_op *op, int by)
{
	const struct rm_problem_pair *pair =
	        search->problem->pairs + op->first_pair;

	if (op->optional || op->repeat)
		return;
	search->left += (size_t)by;
	if (op->needs != RM_PROBLEM_NO_SLOT)
		search->needed[op->needs] += (uint32_t)by;
	for (size_t i = 0; i < op->pairs; i++)
		search->needed[pair[i].slot] += (uint32_t)by;
}

static int clear_cells(struct rm_search *search)
{
	size_t keys = search->problem->keys;

	if (rm_array_grow(&search->saved, search->saved_count,
	            &search->saved_room, keys, sizeof(*search->saved)))
		return -ENOMEM;
	memcpy(search->saved + search->saved_count, search->cells,
	        keys * sizeof(*search->cells));
	search->saved_count += keys;
	for (uint32_t k = 0; k < keys; k++)
		set_cell(search, k,
		        (struct rm_problem_cell){
		                0, RM_PROBLEM_NO_SLOT, false });
	return 0;
}

/* Takes the next operation of a lane. `tried` (may be NULL) is the choice from
   which to continue when it is undone. Returns 0 or -ENOMEM. */
static int take_next(struct rm_search *search, size_t lane, enum take how,
        const struct rm_search_frame *tried)
{
	const struct rm_problem_op *op =
	        search->problem->ops + search->at[lane];
	struct rm_search_frame frame = { .any = false };
	struct rm_problem_cell after;

	if (rm_array_grow(&search->frames, search->depth, &search->frame_room,
	            1, sizeof(*search->frames)))
		return -ENOMEM;
	if (tried)
		frame = *tried;
	frame.lane = (uint32_t)lane;
	frame.how = (uint8_t)how;
	frame.before = search->cells[op->key];
	frame.changed = (how == TAKE_CHOICE || how == TAKE_AGAIN) &&
	                effect_of(search, op, &after) == RM_CHANGED;
	if (frame.changed && op->kind == RM_HISTORY_CLEAR) {
		if (clear_cells(search))
			return -ENOMEM;
	} else if (frame.changed) {
		set_cell(search, op->key, after);
	}
	search->frames[search->depth++] = frame;
	if (how != TAKE_AGAIN) {
		count_explained(search, op, -1);
		search->at[lane]++;
	}
	return 0;
}

static void undo_one(struct rm_search *search, struct rm_search_frame *frame)
{
	const struct rm_problem_op *op;

	*frame = search->frames[--search->depth];
	if (frame->how != TAKE_AGAIN)
		search->at[frame->lane]--;
	op = search->problem->ops + search->at[frame->lane];
	if (frame->how != TAKE_AGAIN)
		count_explained(search, op, 1);
	if (!frame->changed)
		return;
	if (op->kind != RM_HISTORY_CLEAR) {
		set_cell(search, op->key, frame->before);
		return;
	}
	search->saved_count -= search->problem->keys;
	for (uint32_t k = 0; k < search->problem->keys; k++)
		set_cell(search, k, search->saved[search->saved_count + k]);
}

/* Undoes operations up to and including the last choice, which is stored in
   `tried`. Returns false if no choice is left. */
static bool undo(struct rm_search *search, struct rm_search_frame *tried)
{
	while (search->depth) {
		undo_one(search, tried);
		if (tried->how != TAKE_FORCED)
			return true;
	}
	return false;
}

/* Adds this state to the memo. Returns 1 if it is new, 0 if not, or -ENOMEM. */
static int add_state(struct rm_search *search)
{
	const struct rm_problem *problem = search->problem;
	unsigned char *entry = rm_memo_entry(&search->memo);
	uint64_t cells[2] = { search->sums[0], search->sums[1] };

	if (problem->keys == 1) {
		cells[0] = search->cells[0].value;
		cells[1] = search->cells[0].there;
	}
	for (size_t l = 0; l < problem->lane_count; l++) {
		uint32_t taken = search->at[l] - problem->lanes[l].first;

		/* little-endian, so that the stored states are equal on all
		 * machines */
		for (unsigned b = 0; b < search->counter_bytes; b++)
			*entry++ = (unsigned char)(taken >> 8 * b);
	}
	memcpy(entry, cells, sizeof(cells));
	return rm_memo_add(&search->memo);
}

size_t rm_search_bytes(const struct rm_search *search)
{
	return rm_memo_bytes(&search->memo) +
	       search->cell_room * sizeof(*search->cells) +
	       search->at_room * sizeof(*search->at) +
	       search->needed_room * sizeof(*search->needed) +
	       search->frame_room * sizeof(*search->frames) +
	       search->saved_room * sizeof(*search->saved);
}

void rm_search_clear(struct rm_search *search)
{
	rm_memo_clear(&search->memo);
	free(search->cells);
	free(search->at);
	free(search->needed);
	free(search->frames);
	free(search->saved);
	*search = (struct rm_search){ .problem = NULL };
}

/* Returns the stamp by which the next operation must take effect. Operations
   invoked later have to wait. */
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

/* Returns the next operation of a lane if it may be taken now, else NULL. */
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
 * Takes all operations that are possible now and change nothing. *open: number
 * of operations that could come next. Returns 0 or -ENOMEM.
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
			        effect_of(search, op, &after) != RM_SAME)
				continue;
			if (take_next(search, l, TAKE_FORCED, NULL))
				return -ENOMEM;
			again = true;
		}
	}
	return 0;
}

/* Choices at a state are tried by return, then by lane. An operation with
   `repeat` first takes effect again, and then is left for good. */
static bool is_after(
        const struct rm_search_frame *tried, uint64_t returned, uint32_t choice)
{
	return !tried->any || returned > tried->returned ||
	       (returned == tried->returned && choice > tried->choice);
}

/* True if taking the operation is useful. An operation that need not take
   effect is useful only if it changes the map. */
static bool is_promising(
        const struct rm_search *search, const struct rm_problem_op *op)
{
	struct rm_problem_cell after;

	switch (effect_of(search, op, &after)) {
	case RM_CHANGED:
		return !is_hopeless(search, op);
	case RM_SAME:
		return !op->optional && !op->repeat;
	default:
		return false;
	}
}

/* Finds the first possible choice after `tried` that may lead to an order. */
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

/* Takes the next choice after `tried`, in this state or in the last state with
   a choice left. Returns 1 if a choice was taken, 0 if no choice is left, or
   -ENOMEM. */
static int choose(struct rm_search *search, struct rm_search_frame *tried)
{
	while (!find_choice(search, tried))
		if (!undo(search, tried))
			return 0;
	size_t lane = tried->choice / 2;
	bool repeat = search->problem->ops[search->at[lane]].repeat;
	enum take how = TAKE_CHOICE;

	if (repeat)
		how = tried->choice % 2 ? TAKE_LEAVE : TAKE_AGAIN;
	return take_next(search, lane, how, tried) ? -ENOMEM : 1;
}

enum rm_search_end rm_search_run(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes)
{
	size_t open = 0;

	search->states_limit = states;
	search->memory_limit = memory_bytes;
	if (begin_search(search, problem))
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
		/* otherwise only one path leads on from the state */
		if (open > 1)
			fresh = add_state(search);
		if (fresh < 0)
			return RM_GAVE_UP;
		if (!fresh && !undo(search, &tried))
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
