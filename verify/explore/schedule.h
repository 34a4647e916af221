/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - which lane runs, and for how many steps: the small interface
 * behind which schedulers stand. Inside verify/explore only.
 *
 * A scheduler is asked at each *decision*: when the steps that it granted are
 * used up, when the running lane cannot go on, gives its turn away, or has
 * woken another one. Whatever it answers is written down, so that any schedule
 * can be played again, and made smaller, by the scheduler that reads a list.
 * The exhaustive one is in tree.h.
 *
 * Under a model of memory (memory.h) there is more to decide, and the same list
 * says it: where stores wait in a buffer, the buffer of lane N may have the
 * turn as lane N + RM_EXPLORE_BUFFERS_AT, a step for each store that leaves it;
 * and where a load reads an older store, the turn ends with it, and says how
 * many stores back.
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
	uint32_t back;  /* of its last step, which loads: stores; 0: none */
};

struct rm_explore_turns {
	struct rm_explore_turn *turn;
	size_t count, room;
};

struct rm_explore_situation {
	uint32_t choices; /* lanes that can run, and buffers that are not
	                     empty, as bits; never 0. Who gives its turn away
	                     is not among them, but alone */
	uint32_t running; /* the lane that ran */
	bool yields;      /* it gives its turn away */
	bool stuck;       /* no operation has ended for long */
	uint64_t steps;   /* up to here, of all lanes */
};

struct rm_explore_schedule;
struct rm_explore_tree;

struct rm_explore_scheduler {
	const char *name;
	void (*begin)(struct rm_explore_schedule *schedule, unsigned lanes);
	struct rm_explore_turn (*next)(struct rm_explore_schedule *schedule,
	        const struct rm_explore_situation *situation);
	/* How many stores back a load reads, of `most`. NULL: none, ever. */
	uint32_t (*back)(
	        struct rm_explore_schedule *schedule, uint32_t most, bool last);
	/* Is asked at once when a store waits: it may go before all else. */
	bool at_once;
};

enum {
	RM_EXPLORE_DEPTH_MAX = 4,
	RM_EXPLORE_BUFFERS_AT = 8,
	RM_EXPLORE_PRIORITIES = 2 * RM_EXPLORE_BUFFERS_AT
};

/* How a lane goes under the scheduler that stalls. */
struct rm_explore_pace {
	uint32_t mean; /* steps of a turn, on average */
	uint32_t ran;  /* steps so far */
	uint32_t stop; /* so far it goes, where it is one of those held */
};

/* A scheduler and what it remembers. */
struct rm_explore_schedule {
	const struct rm_explore_scheduler *scheduler;
	uint64_t rng;
	uint32_t mean;    /* random: steps of a turn, on average */
	unsigned depth;   /* pct: 1 .. RM_EXPLORE_DEPTH_MAX */
	uint64_t horizon; /* pct: steps that a schedule has, about */
	uint64_t change[RM_EXPLORE_DEPTH_MAX];   /* pct: at which steps */
	unsigned changed;                        /* pct: how many were */
	int64_t priority[RM_EXPLORE_PRIORITIES]; /* pct: lanes and buffers */
	int64_t lowest;                          /* pct: that was given */
	struct rm_explore_pace pace[RM_EXPLORE_BUFFERS_AT]; /* stall */
	uint64_t seen;   /* stall: steps up to the last decision */
	uint32_t held;   /* stall: lanes that stand still, or will, as bits */
	uint32_t yields; /* stall: since one of them was let go */
	bool ahead;      /* stall: those come first, until they stand still */
	uint32_t ranked; /* pct: buffers with a priority, as bits */
	uint32_t lanes;  /* pct */
	const struct rm_explore_turns *list; /* listed: what to play */
	size_t at;                           /* listed: the next */
	uint32_t back;                       /* listed: of this turn */
	uint32_t odds; /* drawn: one of so many loads looks back; 0: not yet */
	struct rm_explore_tree *tree;   /* exhaustive: what is left */
	struct rm_explore_turns *taken; /* written down; NULL: not */
};

extern const struct rm_explore_scheduler rm_explore_random, rm_explore_pct,
        rm_explore_stall, rm_explore_listed;

/* The choice among older stores of those that draw. */
uint32_t rm_explore_drawn_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last);

/* Asks the scheduler, and writes down what it says; a turn of no steps: there
   was no memory for that. */
struct rm_explore_turn rm_explore_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation);
/* Of `most` older stores that a load may read, how many stores back it reads;
   `last`: with its step the turn is over, as it was granted. Where it is not 0
   the turn is over in any case. */
uint32_t rm_explore_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last);
/* The last turn took only so many steps. */
void rm_explore_took(struct rm_explore_schedule *schedule, uint32_t steps);

#endif /* RM_EXPLORE_SCHEDULE_H */
