/* SPDX-License-Identifier: Apache-2.0 */
/* perf_group.h - the counters of one thread: opened, run and read together. */
#ifndef RM_PERF_GROUP_H
#define RM_PERF_GROUP_H

#include "runner/counters/perf.h"
#include "runner/counters/reading.h"

#include <stdbool.h>
#include <stdint.h>

enum { RM_PERF_EVENTS = 16 };

struct rm_perf_event {
	char metric[48], name[80], pmu[32];
	uint64_t config;
};

/* What every worker opens. Outlives the groups. */
struct rm_perf_plan {
	const struct rm_perf_ops *ops;
	bool user_only;
	unsigned size;
	struct rm_perf_event events[RM_PERF_EVENTS];
};

struct rm_perf_group;

/*
 * Opens the plan's events for the calling thread, disabled, in one group.
 *
 * cpu      where the thread is bound, -1 = unbound
 * group    out: also where this fails (then its readings hold the reasons);
 *          NULL only where memory is short. Free with rm_perf_group_close().
 *
 * An event that cannot be opened is an invalid reading with the reason; the
 * others go on. Returns 0 when at least one was opened, else the -errno of the
 * first. On the thread that is to be counted.
 */
int rm_perf_group_open(
        const struct rm_perf_plan *plan, int cpu, struct rm_perf_group **group);

/* Starts and ends an interval. On the group's thread; two and three system
   calls, no allocation. Nothing on a NULL group. */
void rm_perf_group_enable(struct rm_perf_group *group);
void rm_perf_group_disable(struct rm_perf_group *group);

/* Remembers the last interval as the empty one. */
void rm_perf_group_keep_empty(struct rm_perf_group *group);

/* The last interval's readings, and the empty one's: plan->size of each. */
const struct rm_reading *rm_perf_group_readings(
        const struct rm_perf_group *group);
const struct rm_reading *rm_perf_group_empty(const struct rm_perf_group *group);

/* NULL is allowed. */
void rm_perf_group_close(struct rm_perf_group *group);

#endif /* RM_PERF_GROUP_H */
