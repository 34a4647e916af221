/* SPDX-License-Identifier: Apache-2.0 */
/* test_repeat_budget.c - the budget of repeats in random campaigns of several
   workloads, arms and rounds. Each walk of rm_repeats_walk() is compared with a
   queue that computes in whole per cent. */
#include "runner/base/rng.h"
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAMES = 3000, CELLS = 12, ROUNDS = 4, ARMS = 4, TURNS = 1000 };

/* One attempt at all arms of a cell in a block. */
struct turn {
	size_t cell;
	unsigned block, attempt;
};

struct turns {
	struct turn list[TURNS];
	size_t count;
};

/* A campaign whose results are derived from its seed and the positions of cells
   and arms. */
struct game {
	uint64_t seed;
	unsigned spoilt_percent;
	struct rm_plan plan;
	struct rm_plan_cell cells[CELLS];
	struct rm_plan_round rounds[ROUNDS];
	struct rm_plan_turn order[ROUNDS][CELLS];
	unsigned percent[CELLS]; /* repeat_share */
	struct rm_arms arms;
	json_t *attempts;
	struct turns played;
	size_t lines_left; /* number of lines until the walk stops */
	size_t repeats;    /* number of repeated lines */
	size_t at_most;    /* number of lines that exceeded the budget */
};

static uint64_t draw(uint64_t *random, uint64_t n)
{
	return rm_below(rm_next(random), n);
}

static enum rm_attempt_state end_of(
        const struct game *game, const struct turn *turn, size_t arm)
{
	uint64_t random = game->seed + 1000 * turn->cell +
	                  100000 * (uint64_t)turn->block +
	                  10000000 * (uint64_t)turn->attempt + arm;
	uint64_t drawn;

	rm_next(&random);
	drawn = draw(&random, 100);
	return drawn < game->spoilt_percent ? RM_ATTEMPT_TO_REPEAT
	       : drawn >= 97                ? RM_ATTEMPT_FAILED
	                                    : RM_ATTEMPT_GOOD;
}

static size_t arms_of(const struct game *game, size_t cell)
{
	return rm_arms_find_set(&game->arms, &game->cells[cell].cell).count;
}

/* "w" has one or two arms, "pair" always two. */
static void draw_arms(struct game *game, uint64_t *random)
{
	size_t own = 1 + draw(random, ARMS - 2);

	for (size_t i = 0; i < own + 2; i++) {
		struct rm_arm *arm = &game->arms.list[game->arms.count++];

		snprintf(arm->name, sizeof(arm->name), "%c", (int)('a' + i));
		snprintf(arm->workload, sizeof(arm->workload), "%s",
		        i < own ? "w" : "pair");
	}
}

static void shuffle(struct rm_plan_round *round, uint64_t *random)
{
	for (size_t i = round->count; i > 1; i--) {
		size_t j = draw(random, i);
		struct rm_plan_turn kept = round->turns[i - 1];

		round->turns[i - 1] = round->turns[j];
		round->turns[j] = kept;
	}
}

static void draw_cells(struct game *game, uint64_t *random)
{
	static const unsigned shares[] = { 0, 10, 33, 50, 50, 50, 100, 1000 };
	unsigned one = shares[draw(random, 8)];
	bool mixed = draw(random, 4) == 0;

	for (size_t i = 0; i < game->plan.cell_count; i++) {
		struct rm_cell *cell = &game->cells[i].cell;

		snprintf(cell->id, sizeof(cell->id), "map%zu", i);
		snprintf(cell->workload, sizeof(cell->workload), "%s",
		        draw(random, 3) ? "w" : "pair");
		cell->repeat_most = (unsigned)draw(random, 5);
		game->percent[i] = mixed ? shares[draw(random, 8)] : one;
		cell->repeat_share = game->percent[i] / 100.0;
	}
}

static void draw_game(struct game *game, uint64_t seed)
{
	uint64_t random = seed;

	*game = (struct game){ .seed = seed, .lines_left = SIZE_MAX };
	game->attempts = json_object();
	game->plan.cells = game->cells;
	game->plan.rounds = game->rounds;
	game->plan.round_count = ROUNDS;
	game->plan.cell_count = 1 + draw(&random, CELLS);
	game->spoilt_percent = (unsigned)draw(&random, 98);
	draw_arms(game, &random);
	draw_cells(game, &random);
	for (unsigned r = 0; r < ROUNDS; r++) {
		struct rm_plan_round *round = &game->rounds[r];

		round->turns = game->order[r];
		for (size_t i = 0; i < game->plan.cell_count; i++)
			if (draw(&random, 3))
				round->turns[round->count++] =
				        (struct rm_plan_turn){ i,
					        game->cells[i].cell.blocks++ };
		shuffle(round, &random);
	}
}

/* Returns the budget in hundredths of a repeat. */
static size_t allowed(const struct game *game, unsigned round)
{
	size_t sum = 0;

	for (unsigned r = 0; r <= round; r++)
		for (size_t i = 0; i < game->rounds[r].count; i++) {
			size_t cell = game->rounds[r].turns[i].cell;

			if (game->cells[cell].cell.repeat_most)
				sum += game->percent[cell] *
				       arms_of(game, cell);
		}
	return sum;
}

static unsigned round_of(const struct game *game, size_t cell, unsigned block)
{
	for (unsigned r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < game->rounds[r].count; i++)
			if (game->order[r][i].cell == cell &&
			        game->order[r][i].block == block)
				return r;
	return ROUNDS;
}

/* Runs a turn like a campaign, which does not repeat a trial that has a
   line. */
static int play(void *context, size_t cell, unsigned block, unsigned attempt)
{
	struct game *game = context;
	struct turn turn = { cell, block, attempt };
	struct rm_arm_set set =
	        rm_arms_find_set(&game->arms, &game->cells[cell].cell);
	char key[RM_TRIAL_KEY_BYTES];

	game->played.list[game->played.count++] = turn;
	for (size_t i = 0; i < set.count; i++) {
		snprintf(key, sizeof(key), RM_TRIAL_KEY,
		        game->cells[cell].cell.id, (long long)block,
		        (long long)attempt, set.arms[i].name);
		if (json_object_get(game->attempts, key))
			continue;
		if (!game->lines_left--)
			return 1;
		json_object_set_new(game->attempts, key,
		        json_integer((json_int_t)end_of(game, &turn, i)));
		game->repeats += attempt > 1;
		game->at_most += 100 * game->repeats >
		                 allowed(game, round_of(game, cell, block));
	}
	return 0;
}

static struct rm_repeats walk(struct game *game)
{
	struct rm_repeats repeats = { .plan = &game->plan,
		.arms = &game->arms,
		.attempts = game->attempts };

	game->played.count = 0;
	rm_repeats_walk(&repeats, play, game);
	return repeats;
}

/* True if all arms run again; `spoilt` is the number of arms that were
   disturbed or void. */
static bool is_due(
        const struct game *game, const struct turn *turn, size_t *spoilt)
{
	bool failed = false;

	*spoilt = 0;
	for (size_t i = 0; i < arms_of(game, turn->cell); i++) {
		enum rm_attempt_state end = end_of(game, turn, i);

		failed |= end == RM_ATTEMPT_FAILED;
		*spoilt += end == RM_ATTEMPT_TO_REPEAT;
	}
	return *spoilt && !failed &&
	       turn->attempt <= game->cells[turn->cell].cell.repeat_most;
}

/* Computes the expected turns of a round. All cells are queued, and a cell that
   must be repeated is queued again. The first cell that exceeds the budget is
   removed together with all cells after it. */
static void queue_round(const struct game *game, unsigned number,
        struct turns *turns, size_t *repeats, size_t *refused)
{
	size_t head = turns->count, spoilt;
	bool over = false;

	for (size_t i = 0; i < game->rounds[number].count; i++)
		turns->list[turns->count++] =
		        (struct turn){ game->order[number][i].cell,
			        game->order[number][i].block, 1 };
	for (; head < turns->count; head++) {
		struct turn next = turns->list[head];
		size_t arms = arms_of(game, next.cell);

		if (!is_due(game, &next, &spoilt))
			continue;
		over |= 100 * (*repeats + arms) > allowed(game, number);
		if (over) {
			*refused += spoilt;
			continue;
		}
		*repeats += arms;
		next.attempt++;
		turns->list[turns->count++] = next;
	}
}

static bool same_turns(const struct turns *a, const struct turns *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].cell != b->list[i].cell ||
		        a->list[i].block != b->list[i].block ||
		        a->list[i].attempt != b->list[i].attempt)
			return false;
	return true;
}

/* Results of the random games. */
struct seen {
	unsigned over, wrong_turns, wrong_counts, wrong_resumes, wrong_names;
	unsigned acted, partly; /* games in which the budget refused all, or
	                           some */
};

/* A game with renamed maps must have the same turns. */
static bool plays_same_renamed(const struct game *game)
{
	struct game other;
	size_t count = game->plan.cell_count;

	draw_game(&other, game->seed);
	for (size_t i = 0; i < count; i++)
		strcpy(other.cells[i].cell.id,
		        game->cells[count - 1 - i].cell.id);
	walk(&other);
	json_decref(other.attempts);
	return same_turns(&game->played, &other.played);
}

/* A game that is stopped several times, also within pairs, must have the same
   turns. */
static bool plays_same_resumed(const struct game *game)
{
	struct game other;
	uint64_t random = ~game->seed;
	bool same;

	draw_game(&other, game->seed);
	for (unsigned i = 0; i < 5; i++) {
		other.lines_left = draw(&random, 12);
		walk(&other);
	}
	other.lines_left = SIZE_MAX;
	walk(&other);
	same = same_turns(&game->played, &other.played) &&
	       json_equal(game->attempts, other.attempts);
	json_decref(other.attempts);
	return same;
}

static void compare_with_queue(struct game *game, struct seen *seen)
{
	struct rm_repeats repeats = walk(game);
	struct turns expected = { .count = 0 };
	size_t made = 0, refused = 0;

	for (unsigned r = 0; r < ROUNDS; r++)
		queue_round(game, r, &expected, &made, &refused);
	seen->over += game->at_most > 0;
	seen->wrong_turns += !same_turns(&game->played, &expected);
	seen->wrong_counts += repeats.made != made ||
	                      repeats.made != game->repeats ||
	                      repeats.refused != refused;
	seen->wrong_counts +=
	        (double)made > rm_repeats_limit(&game->plan, &game->arms);
	seen->wrong_names += !plays_same_renamed(game);
	seen->wrong_resumes += !plays_same_resumed(game);
	seen->acted += refused > 0;
	seen->partly += refused > 0 && made > 0;
}

static void random_games(void)
{
	static struct game game;
	struct seen seen = { 0 };

	for (uint64_t n = 1; n <= GAMES; n++) {
		draw_game(&game, n * 77777);
		compare_with_queue(&game, &seen);
		json_decref(game.attempts);
	}
	printf("# %d games, %u with a budget that was spent, %u of them after "
	       "repeats\n",
	        GAMES, seen.acted, seen.partly);
	CHECK(seen.acted > GAMES / 3 && seen.partly > GAMES / 5,
	        "many games exhaust the budget");
	CHECK(!seen.over, "no line exceeds the budget of the rounds so far");
	CHECK(!seen.wrong_turns, "repeats run in their block's order, all arms "
	                         "each, until the budget is exhausted");
	CHECK(!seen.wrong_counts, "repeats and refused trials are counted");
	CHECK(!seen.wrong_names, "names of maps have no effect");
	CHECK(!seen.wrong_resumes,
	        "an interrupted campaign has the same turns");
}

/* All 10 cells are disturbed in every attempt. */
static void repeat_known_campaign(void)
{
	static struct game game;
	struct rm_repeats repeats;

	draw_game(&game, 1);
	game.spoilt_percent = 100;
	game.plan.cell_count = 10;
	game.plan.round_count = 2;
	game.arms.count = 1;
	strcpy(game.arms.list[0].workload, "");
	for (size_t i = 0; i < 10; i++) {
		game.cells[i].cell.repeat_most = 3;
		game.cells[i].cell.repeat_share = 0.25;
		snprintf(game.cells[i].cell.id, 8, "c%zu", i);
		game.order[0][i] = (struct rm_plan_turn){ 9 - i, 0 };
		game.order[1][i] = (struct rm_plan_turn){ i, 1 };
	}
	game.rounds[0].count = game.rounds[1].count = 10;
	repeats = walk(&game);
	CHECK(repeats.made == 5 && game.played.count == 25 &&
	                game.played.list[10].cell == 9 &&
	                game.played.list[11].cell == 8 &&
	                game.played.list[22].cell == 0 &&
	                game.played.list[24].cell == 2,
	        "a share of a quarter of 10 permits two repeats in the first "
	        "round, then three");
	CHECK(repeats.refused == 20, "20 trials stay spoilt");
	json_decref(game.attempts);
}

int main(void)
{
	repeat_known_campaign();
	random_games();
	return DONE();
}
