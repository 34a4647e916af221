/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - the exhaustive scheduler (tree.h).
 *
 * Bounded search after Musuvathi and Qadeer (PLDI 2007). In general,
 * partial-order reduction does not work with a bound (Coons, Musuvathi,
 * McKinley, OOPSLA 2013): the schedule that represents others may need more
 * preemptions than they do. This reduction avoids the problem. Suppose that
 * lane A is preempted before a stretch that conflicts with no later work of
 * other lanes. Then A can run the stretch first with equal results. A is still
 * preempted once, or not at all if its next turn consisted of the stretch. So
 * only the schedules without such preemptions are played.
 *
 * Later work of other lanes is known from earlier schedules. If no schedule of
 * a complete walk has shown a conflict, it does not exist: in the shortest
 * schedule that would show it, all steps before the conflict have the order of
 * a schedule that was played.
 */
#include "verify/explore/tree.h"
#include "verify/explore/world.h"

#include <stdlib.h>

/* Records the stretch that has just ended, and whether a preemption before it
 * matters. */
static void record_stretch(struct rm_explore_tree *tree)
{
	struct rm_explore_stretch *stretch = &rm_explore.stretch;
	struct rm_explore_choice *last;

	if (!tree->at)
		return;
	last = &tree->choice[tree->at - 1];
	rm_explore_record_conflicts(&tree->conflicts, stretch, last->chosen,
	        tree->operation[last->chosen]);
	if (last->chosen == last->running)
		last->may_matter =
		        tree->unreduced ||
		        rm_explore_may_conflict(&tree->conflicts, stretch,
		                tree->others & ~(1U << last->chosen),
		                tree->operation);
}

static void begin_stretch(struct rm_explore_tree *tree)
{
	rm_explore.stretch = (struct rm_explore_stretch){ .kept = true };
	tree->others = (1U << rm_explore.lanes) - 2;
	tree->others &= ~rm_explore.ended;
	for (unsigned i = 1; i < rm_explore.lanes; i++)
		tree->operation[i] = (int8_t)rm_explore.lane[i].operation;
}

static void exhaustive_begin(
        struct rm_explore_schedule *schedule, unsigned lanes)
{
	(void)lanes;
	schedule->tree->at = 0;
	schedule->tree->yielded = 0;
	begin_stretch(schedule->tree);
}

static void make_room(struct rm_explore_tree *tree)
{
	const size_t more = tree->room ? 2 * tree->room : 256;

	if (tree->count < tree->room)
		return;
	tree->choice =
	        rm_explore_realloc(tree->choice, more * sizeof(*tree->choice));
	tree->room = more;
}

/* Switching away from a lane that could continue is a preemption. */
static bool preempts(const struct rm_explore_choice *choice)
{
	return choice->chosen != choice->running &&
	       choice->choices & 1U << choice->running;
}

/* Adds a decision; the first choice is that the running lane continues. */
static void add(
        struct rm_explore_tree *tree, uint32_t choices, uint32_t running)
{
	struct rm_explore_choice *choice;

	make_room(tree);
	choice = &tree->choice[tree->count++];
	*choice = (struct rm_explore_choice){ .choices = (uint8_t)choices,
		.running = (uint8_t)running,
		.chosen = (uint8_t)running,
		.may_matter = true };
	if (!(choices & 1U << running))
		choice->chosen = (uint8_t)__builtin_ctz(choices);
	choice->tried = (uint8_t)(1U << choice->chosen);
	if (tree->count > 1)
		choice->preemptions =
		        choice[-1].preemptions + preempts(&choice[-1]);
}

/* Two lanes that wait for a third must not yield to each other forever. A lane
   that yielded runs again only when all others that can run have run. */
static uint32_t fair_choices(struct rm_explore_tree *tree,
        const struct rm_explore_situation *situation)
{
	uint32_t choices = situation->choices;

	if (!situation->yields)
		return choices;
	tree->yielded |= 1U << situation->running;
	if (!(choices & ~tree->yielded)) {
		tree->yielded = 1U << situation->running;
		return choices;
	}
	if (choices & tree->yielded) {
		/* a lane may stall because of another lane's turn, so
			   the reduction is not valid here */
		rm_explore.stretch.hidden = true;
		record_stretch(tree);
	}
	return choices & ~tree->yielded;
}

static struct rm_explore_turn exhaustive_next(
        struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	struct rm_explore_tree *tree = schedule->tree;
	const struct rm_explore_choice *choice;
	uint32_t choices, chosen;

	record_stretch(tree);
	choices = fair_choices(tree, situation);
	begin_stretch(tree);
	if (tree->at == tree->count)
		add(tree, choices, situation->running);
	choice = &tree->choice[tree->at++];
	chosen = choice->chosen;
	if (choice->choices != choices ||
	        choice->running != situation->running) {
		tree->diverged = true;
		chosen = (uint32_t)__builtin_ctz(choices);
	}
	tree->yielded &= ~(1U << chosen);
	return (struct rm_explore_turn){ .lane = chosen, .steps = 1 };
}

const struct rm_explore_scheduler rm_explore_exhaustive = {
	.name = "exhaustive", .begin = exhaustive_begin, .next = exhaustive_next
};

static uint32_t untried(
        struct rm_explore_tree *tree, const struct rm_explore_choice *choice)
{
	uint32_t left = choice->choices & ~(uint32_t)choice->tried;

	if (!(choice->choices & 1U << choice->running))
		return left;
	if (!choice->may_matter)
		return 0;
	if (choice->preemptions < tree->most)
		return left;
	tree->bounded = tree->bounded || left;
	return 0;
}

bool rm_explore_tree_next(struct rm_explore_tree *tree)
{
	record_stretch(tree);
	rm_explore.stretch.kept = false;
	while (tree->count) {
		struct rm_explore_choice *last = &tree->choice[tree->count - 1];
		uint32_t left = untried(tree, last);

		if (left) {
			last->chosen = (uint8_t)__builtin_ctz(left);
			last->tried |= (uint8_t)(1U << last->chosen);
			return true;
		}
		tree->count--;
	}
	return false;
}

void rm_explore_tree_restart(struct rm_explore_tree *tree)
{
	tree->count = tree->at = 0;
	tree->conflicts.has_new = tree->bounded = false;
}

void rm_explore_tree_clear(struct rm_explore_tree *tree)
{
	free(tree->choice);
	rm_explore_conflicts_clear(&tree->conflicts);
	*tree = (struct rm_explore_tree){ .choice = NULL };
}
