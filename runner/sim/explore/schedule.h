/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - which lane runs, and for how many steps: the small interface
 * behind which schedulers stand. Inside runner/sim/explore only.
 *
 * A scheduler is asked at each *decision*: when the steps that it granted are
 * used up, when the running lane cannot go on, gives its turn away, or has
 * woken another one. Whatever it answers is written down, so that any schedule
 * can be played again, and made smaller, by the scheduler that reads a list.
 * The exhaustive one is in tree.h.
 */
#ifndef RM_EXPLORE_SCHEDULE_H
#define RM_EXPLORE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lane runs for so many steps, fewer where it waits or ends before. */
struct rm_explore_turn {
	uint32_t lane;
	uint32_t steps; /* >= 1 */
};

struct rm_explore_turns {
	struct rm_explore_turn *turn;
	size_t count, room;
};

struct rm_explore_situation {
	uint32_t choices; /* lanes that can run, as bits; never 0. Who gives
	                     its turn away is not among them, but alone */
	uint32_t running; /* the lane that ran */
	bool yields;      /* it gives its turn away */
	uint64_t steps;   /* up to here, of all lanes */
};

struct rm_explore_schedule;
struct rm_explore_tree;

struct rm_explore_scheduler {
	const char *name;
	void (*begin)(struct rm_explore_schedule *schedule, unsigned lanes);
	struct rm_explore_turn (*next)(struct rm_explore_schedule *schedule,
	        const struct rm_explore_situation *situation);
};

enum { RM_EXPLORE_DEPTH_MAX = 4, RM_EXPLORE_PRIORITIES = 32 };

/* A scheduler and what it remembers. */
struct rm_explore_schedule {
	const struct rm_explore_scheduler *scheduler;
	uint64_t rng;
	uint32_t mean;    /* random: steps of a turn, on average */
	unsigned depth;   /* pct: 1 .. RM_EXPLORE_DEPTH_MAX */
	uint64_t horizon; /* pct: steps that a schedule has, about */
	uint64_t change[RM_EXPLORE_DEPTH_MAX];   /* pct: at which steps */
	unsigned changed;                        /* pct: how many were */
	int64_t priority[RM_EXPLORE_PRIORITIES]; /* pct: of each lane */
	int64_t lowest;                          /* pct: that was given */
	const struct rm_explore_turns *list;     /* listed: what to play */
	size_t at;                               /* listed: the next */
	struct rm_explore_tree *tree;            /* exhaustive: what is left */
	struct rm_explore_turns *taken;          /* written down; NULL: not */
};

extern const struct rm_explore_scheduler rm_explore_random, rm_explore_pct,
        rm_explore_listed;

/* Asks the scheduler, and writes down what it says. */
struct rm_explore_turn rm_explore_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation);
/* The last turn took only so many steps. */
void rm_explore_took(struct rm_explore_schedule *schedule, uint32_t steps);

#endif /* RM_EXPLORE_SCHEDULE_H */
