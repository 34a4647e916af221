/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exhaust.c - walks over the schedules of one program (play.h).
 *
 * One walk for each number of preemptions: the shorter ones cost little beside
 * the last, a finding has as few preemptions as can be, and the last one begins
 * with almost all known of who meets whom. It is repeated until it teaches
 * nothing.
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
	uint64_t plays;   /* of this program */
	uint64_t walked;  /* of this walk */
	uint64_t longest; /* of the walks */
};

void rm_explore_tally_add(
        struct rm_explore_tally *tally, const struct rm_explore_played *played)
{
	tally->plays++;
	tally->steps += played->steps;
	tally->switches += played->switches;
	tally->undecided += played->undecided;
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
	if (!status && search->tree.strays)
		status = rm_error_set(error, -EINVAL,
		        "a schedule went another way the second time");
	return status;
}

/* One walk; whether it came to its end, with no finding and no limit. */
static int walk(struct search *search, bool *whole, struct rm_error *error)
{
	int status;

	*whole = false;
	search->walked = 0;
	rm_explore_tree_again(&search->tree);
	do {
		status = play(search, error);
		*whole = !rm_explore_tree_next(&search->tree);
		if (!status && search->tree.meetings.starved)
			status = rm_error_set(error, -ENOMEM, "out of memory");
	} while (!status && !search->played->fault && !*whole &&
	         search->plays < search->how->most);
	*whole &= !search->played->fault;
	return status;
}

/* After a whole walk: whether there is another one. */
static bool goes_on(struct rm_explore_tree *tree, unsigned preemptions)
{
	if (tree->most == preemptions || !tree->bounded) {
		tree->most = preemptions;
		return tree->meetings.news;
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
	} while (!status && whole && goes_on(tree, how->preemptions));
	tally->programs++;
	tally->schedules += search.longest;
	tally->stopped += !whole && !played->fault && !status;
	rm_explore_tree_clear(tree);
	return status;
}
