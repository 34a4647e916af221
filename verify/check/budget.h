/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - how much time a check gets, how it is spent in rounds, and when a
 * check that does not end is given up. Numbers go in and come out: no
 * clock is read here, so that a test can play one.
 */
#ifndef RM_CHECK_BUDGET_H
#define RM_CHECK_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* What a check of this weight gets of the time that is left for it and all that
   come after it, whose weights are `weights` with its own, >= weight. */
uint64_t rm_budget_share(uint64_t left_ns, unsigned weight, unsigned weights);

/* Rounds of one check: short ones first, so that what is easy to find costs
   little; then as long as an eighth of the share. */
struct rm_rounds {
	uint64_t share_ns; /* of all rounds */
	uint64_t spent_ns, last_ns;
	uint64_t ops; /* of the next round; at most RM_CHECK_OPS_MOST */
	unsigned done;
};

void rm_rounds_begin(struct rm_rounds *rounds, uint64_t share_ns);
/* Is there time for another round of rounds->ops? For the first there always
   is: a check that was not run would pass. */
bool rm_rounds_another(const struct rm_rounds *rounds);
/* Wall time after which the next round is cut short: twice what it should take,
   0.5 s at least. Threads that stand in line for a lock take a thousand times
   as long where the machine is busy. */
uint64_t rm_rounds_longest_ns(const struct rm_rounds *rounds);
/* The round took that much CPU time, and so long: who waits pays for it, as who
   computes does. Chooses the operations of the next. */
void rm_rounds_spent(
        struct rm_rounds *rounds, uint64_t cpu_ns, uint64_t wall_ns);

/* What is seen of a check's process from outside. */
struct rm_look {
	uint64_t wall_ns;  /* of a clock that never runs backwards */
	uint64_t cpu_ns;   /* that it used, all threads */
	uint64_t progress; /* operations that ended */
	bool asleep;       /* all of its threads, at this look */
};

enum rm_patience_says {
	RM_GOES_ON,
	RM_SPINS, /* it used the deadline's CPU time, and nothing ended */
	RM_SLEEPS /* all threads were asleep at every look, and nothing ended */
};

/*
 * When a check hangs. A machine that gives it no time proves nothing: what
 * counts is CPU time without one operation that ends, or sleep of all its
 * threads, since who waits for a CPU does not sleep. Zero it, but for the
 * deadline.
 */
struct rm_patience {
	uint64_t deadline_ns; /* > 0 */
	struct rm_look since; /* when progress was last seen */
	uint64_t asleep_since_ns;
	unsigned looks, asleep_looks; /* in a row */
};

enum rm_patience_says rm_patience_look(
        struct rm_patience *patience, const struct rm_look *look);

#endif /* RM_CHECK_BUDGET_H */
