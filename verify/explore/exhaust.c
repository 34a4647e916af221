/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exhaust.c - enumerates the schedules of one program (play.h).
 *
 * There is one walk for each maximum number of preemptions, in rising order. So
 * a finding has the smallest possible number of preemptions, and the first
 * walks cost little compared with the last one. The last walk starts with
 * almost all conflicts known, and is repeated until it finds no new one.
 */
#include "verify/explore/play.h"
#include "verify/explore/tree.h"

#include <errno.h>

struct search {
	const struct rm_explore_program *program;
	const struct rm_explore_exhaust *how;
	struct rm_explore_tally *tally;
	struct rm_explore_turns *taken;
	struct rm_explore_played *played;
	struct rm_explore_tree tree;
	uint64_t plays;   /* number of this program */
	uint64_t walked;  /* schedules played in this walk */
	uint64_t longest; /* schedules played in the longest walk */
};

void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played)
{
	tally->plays++;
	tally->steps += played->steps;
	tally->switches += played->switches;
	tally->undecided += played->undecided;
	tally->abandoned += played->abandoned;
	tally->grown += played->grew;
}

static int play(struct search *search, struct rm_error *error)
{
	struct rm_explore_schedule schedule = { .scheduler =
		                                        &rm_explore_exhaustive,
		.tree = &search->tree,
		.taken = search->taken };
	int status;

	if (search->taken)
		search->taken->count = 0;
	status = rm_explore_play(search->program, &schedule, search->how->limit,
	        search->played, error);
	search->plays++;
	search->walked++;
	rm_explore_tally_add(search->tally, search->played);
	if (!status && search->tree.diverged)
		status = rm_error_set(error, -EINVAL,
		        "a schedule took another path when it was repeated");
	return status;
}

/* Runs one walk; *whole is set if it was completed without a finding and
 * without reaching a limit. */
static int walk(struct search *search, bool *whole, struct rm_error *error)
{
	int status;

	*whole = false;
	search->walked = 0;
	rm_explore_tree_restart(&search->tree);
	do {
		status = play(search, error);
		*whole = !rm_explore_tree_next(&search->tree);
		if (!status && search->tree.conflicts.starved)
			status = rm_error_set(error, -ENOMEM, "out of memory");
	} while (!status && !search->played->fault && !*whole &&
	         search->plays < search->how->most);
	*whole &= !search->played->fault;
	return status;
}

/* Called after a complete walk; returns true if another one is needed. */
static bool needs_walk(struct rm_explore_tree *tree, unsigned preemptions)
{
	if (tree->most == preemptions || !tree->bounded) {
		tree->most = preemptions;
		return tree->conflicts.has_new;
	}
	tree->most++;
	return true;
}

int rm_explore_exhaust(const struct rm_explore_program *program,
        const struct rm_explore_exhaust *how, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	struct search search = { .program = program,
		.how = how,
		.tally = tally,
		.taken = taken,
		.played = played,
		.tree = { .unreduced = how->unreduced } };
	struct rm_explore_tree *tree = &search.tree;
	bool whole;
	int status;

	do {
		status = walk(&search, &whole, error);
		if (search.walked > search.longest)
			search.longest = search.walked;
	} while (!status && whole && needs_walk(tree, how->preemptions));
	tally->programs++;
	tally->schedules += search.longest;
	tally->stopped += !whole && !played->fault && !status;
	rm_explore_tree_clear(tree);
	return status;
}
