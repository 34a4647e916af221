/* SPDX-License-Identifier: Apache-2.0 */
/* plan_order.c - distributes the trials of each cell over the rounds of a
   campaign, in a random order that the seed determines (docs/adr/0056). */
#include "runner/base/shuffle.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Phases are integers. This value corresponds to the distance between two
   blocks. */
static const uint64_t phase_parts = 1 << 20;

/* A board is a group of cells that differ only in the map. Their trials run one
   after another, so that the maps of a ratio run in the same state of the
   machine. */
struct board {
	size_t first, count; /* range in order.entries */
	unsigned blocks;
	unsigned done;    /* number of blocks already assigned to a round */
	uint64_t phase;   /* offset of its rounds; less than phase_parts */
	uint64_t turn_ns; /* time of one trial of each cell */
};

struct entry {
	uint64_t board; /* same value for all cells of a struct board */
	size_t cell;
	unsigned blocks;
};

struct order {
	struct rm_plan *plan;
	bool waiting;          /* orders only cells that wait for a limit */
	unsigned first, count; /* range of rounds in plan->rounds */
	struct entry *entries; /* timed cells, sorted by blocks and board */
	size_t entry_count;
	size_t *verified; /* cells that verify a map */
	size_t verified_count;
	struct board *boards; /* sorted by blocks, then in random order */
	size_t board_count;
	size_t *present; /* temporary list of boards */
	size_t *cells;   /* temporary list of a board's cells */
};

static int by_board(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->blocks != y->blocks)
		return x->blocks < y->blocks ? -1 : 1;
	if (x->board != y->board)
		return x->board < y->board ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

/* Lists the cells. The trial seed of block 0 identifies a board, and determines
   the random order of boards. */
static void list_cells(struct order *order)
{
	struct rm_plan *plan = order->plan;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		const bool waits = plan->cells[i].waits;

		if (order->waiting != waits || (cell->skip[0] && !waits))
			continue;
		if (cell->blocks > order->count)
			order->count = cell->blocks;
		if (cell->measure == RM_MEASURE_VERIFY)
			order->verified[order->verified_count++] = i;
		else
			order->entries[order->entry_count++] = (struct entry){
				.board = rm_plan_seed(plan, cell->id, 0),
				.cell = i,
				.blocks = cell->blocks
			};
	}
	qsort(order->entries, order->entry_count, sizeof(*order->entries),
	        by_board);
}

static void list_boards(struct order *order)
{
	for (size_t i = 0; i < order->entry_count; i++) {
		const struct entry *entry = &order->entries[i];
		struct board *board;

		if (i == 0 || entry->board != entry[-1].board ||
		        entry->blocks != entry[-1].blocks)
			order->boards[order->board_count++] =
			        (struct board){ .first = i,
				        .blocks = entry->blocks };
		board = &order->boards[order->board_count - 1];
		board->count++;
		board->turn_ns +=
		        rm_plan_trials(&order->plan->cells[entry->cell].cell) *
		        order->plan->cells[entry->cell].unscaled_ns;
	}
}

/* Sets the phases. Boards with the same number of blocks start at distances
   proportional to their time, so that all rounds take about the same time. */
static void set_phases(struct order *order)
{
	size_t end;

	for (size_t first = 0; first < order->board_count; first = end) {
		struct board *boards = order->boards;
		uint64_t all_ns = 0, before_ns = 0;

		for (end = first; end < order->board_count &&
		                  boards[end].blocks == boards[first].blocks;
		        end++)
			all_ns += boards[end].turn_ns;
		for (size_t i = first; i < end; i++) {
			double middle_ns = (double)before_ns +
			                   (double)boards[i].turn_ns / 2;

			boards[i].phase =
			        (uint64_t)(middle_ns / (double)all_ns *
			                   (double)phase_parts);
			before_ns += boards[i].turn_ns;
		}
	}
}

/* True if a block of the board is in this round. Its blocks are at least one
   round apart, since it has at most as many blocks as there are rounds. */
static bool is_in_round(
        const struct order *order, const struct board *board, unsigned number)
{
	uint64_t parts = board->done * phase_parts + board->phase;

	return board->done < board->blocks &&
	       parts * order->count / (board->blocks * phase_parts) ==
	               number - order->first;
}

static void append(struct rm_plan_round *round, const size_t *cells,
        size_t count, unsigned block)
{
	for (size_t i = 0; i < count; i++)
		round->turns[round->count++] =
		        (struct rm_plan_turn){ cells[i], block };
}

static void append_board(struct order *order, struct board *board,
        struct rm_plan_round *round, uint64_t *state)
{
	for (size_t i = 0; i < board->count; i++)
		order->cells[i] = order->entries[board->first + i].cell;
	rm_shuffle(order->cells, board->count, state);
	append(round, order->cells, board->count, board->done++);
}

/* Returns the seed of a round. Verify cells have a separate random stream, so
   that an additional verify cell does not change the order of timed cells. */
static uint64_t round_seed(
        const struct order *order, unsigned number, bool verify)
{
	enum { ORDER_STREAM = 1 };

	return rm_seed(rm_seed(order->plan->seed, ORDER_STREAM),
	        2 * (uint64_t)number + verify);
}

/* Fills a round. The first round verifies all maps before any timed trial. */
static int fill_round(struct order *order, unsigned number)
{
	struct rm_plan_round *round = &order->plan->rounds[number];
	size_t verified = number == order->first ? order->verified_count : 0;
	size_t present = 0, turns = verified;
	uint64_t state = round_seed(order, number, true);

	for (size_t i = 0; i < order->board_count; i++)
		if (is_in_round(order, &order->boards[i], number)) {
			order->present[present++] = i;
			turns += order->boards[i].count;
		}
	round->turns = calloc(turns + 1, sizeof(*round->turns));
	if (!round->turns)
		return -ENOMEM;
	rm_shuffle(order->verified, verified, &state);
	append(round, order->verified, verified, 0);
	state = round_seed(order, number, false);
	rm_shuffle(order->present, present, &state);
	for (size_t i = 0; i < present; i++)
		append_board(order, &order->boards[order->present[i]], round,
		        &state);
	return 0;
}

static int fill_rounds(struct order *order)
{
	struct rm_plan *plan = order->plan;
	struct rm_plan_round *rounds;

	list_cells(order);
	list_boards(order);
	set_phases(order);
	rounds = reallocarray(
	        plan->rounds, order->first + order->count + 1, sizeof(*rounds));
	if (!rounds)
		return -ENOMEM;
	memset(rounds + order->first, 0, (order->count + 1) * sizeof(*rounds));
	plan->rounds = rounds;
	plan->round_count += order->count;
	for (unsigned i = order->first; i < plan->round_count; i++)
		if (fill_round(order, i))
			return -ENOMEM;
	return 0;
}

static int append_rounds(struct rm_plan *plan, bool waiting)
{
	size_t count = plan->cell_count;
	struct order order = { .plan = plan,
		.waiting = waiting,
		.first = plan->round_count,
		.entries = calloc(count, sizeof(*order.entries)),
		.verified = calloc(count, sizeof(*order.verified)),
		.boards = calloc(count, sizeof(*order.boards)),
		.present = calloc(count, sizeof(*order.present)),
		.cells = calloc(count, sizeof(*order.cells)) };
	bool is_allocated = order.entries && order.verified && order.boards &&
	                    order.present && order.cells;
	int failed = is_allocated ? fill_rounds(&order) : -ENOMEM;

	free(order.entries);
	free(order.verified);
	free(order.boards);
	free(order.present);
	free(order.cells);
	return failed;
}

int rm_plan_order(struct rm_plan *plan)
{
	int failed = append_rounds(plan, false);

	return failed ? failed : append_rounds(plan, true);
}
