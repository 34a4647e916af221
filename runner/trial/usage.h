/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - what the kernel says a thread or the process has used. */
#ifndef RM_USAGE_H
#define RM_USAGE_H

#include <jansson.h>
#include <stdint.h>

/* Of one thread, since its start. -1: this kernel does not say. */
struct rm_thread_usage {
	uint64_t cpu_ns;
	int64_t voluntary_switches, involuntary_switches;
	int64_t minor_faults, major_faults;
	int64_t migrations;       /* /proc/thread-self/sched */
	int64_t runqueue_wait_ns; /* /proc/thread-self/schedstat */
};

/* Cheap part (0.5 us): all but the last two. Calling thread. */
void rm_usage_thread(struct rm_thread_usage *usage);
/* The two members that need procfs (tens of us). Calling thread. */
void rm_usage_thread_slow(struct rm_thread_usage *usage);

/*
 * Speed of this CPU now: dependent additions per ns, one per cycle, best of
 * five runs of 0.1 ms; registers only. What frequency files do not tell.
 */
double rm_usage_adds_per_ns(void);

/* Of rm_now_ns(): mean cost of a reading, smallest step above 0; both in ns. */
void rm_usage_clock(double *cost_ns, uint64_t *step_ns);

/* Resident bytes now and at the peak; 0 where procfs does not say. */
uint64_t rm_usage_rss_bytes(void);
uint64_t rm_usage_peak_rss_bytes(void);

/*
 * The members page_nodes, page_nodes_reason and huge_bytes of the result's
 * "memory" (docs/trial-protocol.md), set in `memory`.
 */
void rm_usage_pages(json_t *memory);

#endif /* RM_USAGE_H */
