/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h - computes the time of a check, splits it into rounds, and decides
 * when a check has hung. Pure arithmetic without a clock, so that tests can
 * simulate time. */
#ifndef RM_CHECK_BUDGET_H
#define RM_CHECK_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the time of a check: its share of the time that is left for it and
 * all later checks. `weights` is the sum of the weights of all these checks, >=
 * weight. */
uint64_t rm_budget_share_ns(
        uint64_t left_ns, unsigned weight, unsigned weights);

/* Rounds of one check. Short rounds come first, so that frequent bugs are found
 * quickly; later rounds each take about an eighth of the check's time. */
struct rm_rounds {
	uint64_t share_ns; /* time for all rounds */
	uint64_t spent_ns, last_ns;
	/* operations of the next round, at most RM_CHECK_OPS_MAX */
	uint64_t ops;
	unsigned done;
};

void rm_rounds_begin(struct rm_rounds *rounds, uint64_t share_ns);
/* Returns true if there is time for a round of rounds->ops. Always true for the
 * first round, because a check without a round would pass. */
bool rm_rounds_have_time(const struct rm_rounds *rounds);
/* Returns the wall time after which the next round is stopped: twice its
 * planned time, at least 0.5 s. On a busy machine, a round whose threads wait
 * for a lock can take a thousand times as long. */
uint64_t rm_rounds_limit_ns(const struct rm_rounds *rounds);
/* Records the cost of a round: CPU time, or wall time if longer, since waiting
 * also uses up the budget. Sets the operations of the next round. */
void rm_rounds_record(
        struct rm_rounds *rounds, uint64_t cpu_ns, uint64_t wall_ns);

/* One sample of a check's process, taken by another process. */
struct rm_process_sample {
	uint64_t wall_ns;  /* time of a monotonic clock */
	uint64_t cpu_ns;   /* CPU time of all threads */
	uint64_t progress; /* completed operations */
	bool asleep;       /* true if all threads slept in this sample */
	bool alone; /* true if the check's only thread sleeps in a call of the
	             * map */
};

enum rm_hang_verdict {
	RM_HANG_NONE,
	RM_HANG_SPINNING, /* used the deadline's CPU time and completed no
                             operation */
	RM_HANG_ASLEEP,   /* all threads slept in each sample, and completed no
                             operation */
	RM_HANG_STARVED   /* threads of the map used RM_HANG_STARVED_NS */
};

/* CPU time of a map's own threads while a call of the only other thread sleeps
 * in each of some samples. */
#define RM_HANG_STARVED_NS ((uint64_t)2000000000)

/* Detects hangs. Evidence is CPU time without a completed operation, or that
 * all threads sleep. A thread that waits for a CPU does not sleep, so a busy
 * machine is not mistaken for a hang. The caller zeroes all members except the
 * deadline. */
struct rm_hang_detector {
	uint64_t deadline_ns; /* > 0 */
	struct rm_process_sample
	        since; /* the sample in which progress last changed */
	uint64_t asleep_since_ns;
	unsigned looks, asleep_samples; /* numbers of consecutive samples */
	/* the only thread slept in a call, in a sample since then */
	bool awake;
};

enum rm_hang_verdict rm_hang_sample(struct rm_hang_detector *patience,
        const struct rm_process_sample *look);

#endif /* RM_CHECK_BUDGET_H */
