/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the exhaustive scheduler: all schedules of one program with at most
 * so many preemptions, one after the other. Inside verify/explore only.
 *
 * A *preemption* is a switch away from a lane that could go on and does not
 * give its turn away; other switches are free. Every step is a decision, the
 * first schedule has no preemption, and each next one takes the last decision
 * at which something is left to try.
 *
 * The reduction leaves out preemptions before a stretch that meets nobody's:
 * the same one behind it has the same outcome and costs as much. Who meets whom
 * is learnt on the way, so that a walk is over only when it has learnt nothing.
 */
#ifndef RM_EXPLORE_TREE_H
#define RM_EXPLORE_TREE_H

#include "verify/explore/meet.h"
#include "verify/explore/schedule.h"

struct rm_explore_choice {
	uint8_t choices; /* lanes that could run, as bits */
	uint8_t running, chosen;
	uint8_t tried;        /* lanes, as bits */
	bool meets;           /* a preemption here may matter; see `running` */
	uint32_t preemptions; /* up to here, this choice aside */
};

struct rm_explore_tree {
	unsigned most;  /* preemptions */
	bool unreduced; /* each schedule, also those that cannot differ */
	struct rm_explore_choice *choice; /* of the schedule that is played */
	size_t count, room;
	size_t at;
	uint32_t gave; /* lanes that gave their turn away, not run since */
	int8_t operation[RM_EXPLORE_MEET_LANES]; /* at the last decision */
	uint32_t others;                         /* then: that had not ended */
	struct rm_explore_meetings meetings;
	bool bounded; /* this walk left out what would have been one more */
	bool strays;  /* a schedule took another way the second time */
};

extern const struct rm_explore_scheduler rm_explore_exhaustive;

/* The walk begins again, with what was learnt. */
void rm_explore_tree_again(struct rm_explore_tree *tree);

/* After a schedule under the tree: whether there is another one, which the next
   play under it is. */
bool rm_explore_tree_next(struct rm_explore_tree *tree);

void rm_explore_tree_clear(struct rm_explore_tree *tree);

#endif /* RM_EXPLORE_TREE_H */
