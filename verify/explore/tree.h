/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the exhaustive scheduler: enumerates the schedules of one program up
 * to a number of preemptions. Inside verify/explore only.
 *
 * A *preemption* is a switch away from a lane that could continue and does not
 * yield; other switches are free. Every step is a decision. The first schedule
 * has no preemption. Each following schedule changes the last decision that has
 * an untried choice.
 *
 * The reduction skips a preemption before a stretch that conflicts with no
 * other lane: the same preemption after it has the same result and cost. The
 * walk is repeated until it finds no new conflict.
 */
#ifndef RM_EXPLORE_TREE_H
#define RM_EXPLORE_TREE_H

#include "verify/explore/conflicts.h"
#include "verify/explore/schedule.h"

struct rm_explore_choice {
	uint8_t choices; /* lanes that could run, as bits */
	uint8_t running, chosen;
	uint8_t tried; /* lanes, as bits */
	/* a preemption of `running` at this point may change the result */
	bool may_matter;
	uint32_t preemptions; /* number of preemptions before this choice */
};

struct rm_explore_tree {
	unsigned most;  /* maximum number of preemptions */
	bool unreduced; /* do not skip equivalent schedules */
	/* number of choices of the current schedule */
	struct rm_explore_choice *choice;
	size_t count, room;
	size_t at;
	uint32_t yielded; /* lanes that yielded and have not run since */
	/* operation of each lane at the last decision */
	int8_t operation[RM_EXPLORE_CONFLICT_LANES];
	uint32_t others; /* lanes that had not ended at the last decision */
	struct rm_explore_conflicts conflicts;
	bool bounded;  /* this walk skipped schedules with more preemptions */
	bool diverged; /* a schedule took another path when repeated */
};

extern const struct rm_explore_scheduler rm_explore_exhaustive;

/* Restarts the walk, but keeps the known conflicts. */
void rm_explore_tree_restart(struct rm_explore_tree *tree);

/* After a schedule: selects the next one, for the next play; false: none is
   left. */
bool rm_explore_tree_next(struct rm_explore_tree *tree);

void rm_explore_tree_clear(struct rm_explore_tree *tree);

#endif /* RM_EXPLORE_TREE_H */
