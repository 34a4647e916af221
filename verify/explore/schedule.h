/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - the interface of schedulers, which decide which lane runs, and
 * for how many steps. Inside verify/explore only.
 *
 * A scheduler is called at each *decision*: when the granted steps are used up,
 * or when the running lane blocks, yields, or has woken another one. Each turn
 * is recorded, so the scheduler that replays a list can repeat any schedule, or
 * a smaller version of it. The exhaustive scheduler is in tree.h.
 *
 * Memory models (memory.h) add two decisions to the same list. If stores wait
 * in a buffer, the buffer of lane N may have the turn as lane N +
 * RM_EXPLORE_BUFFERS_AT, with a step for each store that leaves it. If a load
 * reads an older store, the turn ends with it, and `back` is its age.
 */
#ifndef RM_EXPLORE_SCHEDULE_H
#define RM_EXPLORE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lane runs for this many steps, or fewer if it blocks or ends before. */
struct rm_explore_turn {
	uint32_t lane;
	uint32_t steps; /* >= 1 */
	uint32_t back;  /* how many stores back its last step, a load, reads */
};

struct rm_explore_turns {
	struct rm_explore_turn *turn;
	size_t count, room;
};

struct rm_explore_situation {
	uint32_t choices; /* lanes that can run and nonempty buffers, as bits;
	                     never 0. Includes the lane that yields only if it
	                     is the only one */
	uint32_t running; /* the lane that ran */
	bool yields;      /* the running lane yields */
	bool stuck;       /* no operation has ended for a long time */
	uint64_t steps;   /* steps of all lanes so far */
};

struct rm_explore_schedule;
struct rm_explore_tree;

struct rm_explore_scheduler {
	const char *name;
	void (*begin)(struct rm_explore_schedule *schedule, unsigned lanes);
	struct rm_explore_turn (*next)(struct rm_explore_schedule *schedule,
	        const struct rm_explore_situation *situation);
	/* Returns the age of the store that a load reads, in stores, 0 .. most.
	   NULL: always 0. */
	uint32_t (*back)(
	        struct rm_explore_schedule *schedule, uint32_t most, bool last);
	/* Called as soon as a store is in the buffer, so that the buffer can
	 * drain first. */
	bool at_once;
};

enum {
	RM_EXPLORE_DEPTH_MAX = 4,
	RM_EXPLORE_BUFFERS_AT = 8,
	RM_EXPLORE_PRIORITIES = 2 * RM_EXPLORE_BUFFERS_AT,
	/* fair: each thread and each buffer at most twice */
	RM_EXPLORE_FAIR_TURNS = 4 * (RM_EXPLORE_BUFFERS_AT - 1)
};

/* A lane's speed under the stall scheduler. */
struct rm_explore_pace {
	uint32_t mean; /* steps of a turn, on average */
	uint32_t ran;  /* steps so far */
	uint32_t stop; /* step at which a held lane stalls */
	/* compare-exchanges up to the one before which it stalls; or 0 */
	uint32_t compares;
};

struct rm_explore_schedule {
	const struct rm_explore_scheduler *scheduler;
	uint64_t rng;
	uint32_t mean;    /* random: steps of a turn, on average */
	unsigned depth;   /* pct: 1 .. RM_EXPLORE_DEPTH_MAX */
	uint64_t horizon; /* pct: estimated steps of a schedule */
	uint64_t change[RM_EXPLORE_DEPTH_MAX];   /* pct: steps of changes */
	unsigned changed;                        /* pct: changes made */
	int64_t priority[RM_EXPLORE_PRIORITIES]; /* pct: lanes and buffers */
	int64_t lowest;                          /* pct: lowest priority used */
	struct rm_explore_pace pace[RM_EXPLORE_BUFFERS_AT]; /* stall: speed of
	                                                     * each lane */
	uint64_t seen;   /* stall: number of steps at the last decision */
	uint32_t held;   /* stall: lanes that are or will be stalled, as bits */
	uint32_t yields; /* stall: yields since a lane was last released */
	bool ahead;      /* stall: held lanes run first, until they stall */
	uint32_t ranked; /* pct: buffers with a priority, as bits */
	uint32_t lanes;  /* pct: number of lanes */
	/* All runnable threads take steps often, so that an operation must end
	   within a bounded number of steps. Schedulers do not change this. */
	bool fair;
	bool even;         /* fair: all turns have the same length */
	uint32_t fairness; /* fair: maximum number of steps of the sequence */
	struct rm_explore_fair_turn {
		uint16_t lane, steps;
	} turn[RM_EXPLORE_FAIR_TURNS];       /* fair: the sequence of turns */
	unsigned turns;                      /* fair: number of turns */
	const struct rm_explore_turns *list; /* listed: turns to replay */
	/* listed, fair: index of the next turn */
	size_t at;
	/* listed: age of the store that the load of this turn reads */
	uint32_t back;
	/* one load in `odds` may read an older store; 0: `back` is not drawn */
	uint32_t odds;
	struct rm_explore_tree *tree; /* exhaustive: the search */
	/* receives the turns; NULL: turns are not recorded */
	struct rm_explore_turns *taken;
};

extern const struct rm_explore_scheduler rm_explore_random, rm_explore_pct,
        rm_explore_stall, rm_explore_fair, rm_explore_listed;

/* Implements `back` for schedulers that draw it at random. */
uint32_t rm_explore_draw_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last);

/* Calls the scheduler and records its turn. 0 steps mean out of memory. */
struct rm_explore_turn rm_explore_next_turn(
        struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation);
/* Returns the age of the store that a load reads, 0 .. `most`; if it is not 0,
   the turn ends. `last`: this step ends the granted turn anyway. */
uint32_t rm_explore_choose_back(
        struct rm_explore_schedule *schedule, uint32_t most, bool last);
/* Corrects the last turn to the steps that it really took. */
void rm_explore_record_steps(
        struct rm_explore_schedule *schedule, uint32_t steps);

#endif /* RM_EXPLORE_SCHEDULE_H */
