/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - one cell, once, in this process: the child side of
 * docs/reference/trial-protocol.md.
 */
#ifndef RM_TRIAL_H
#define RM_TRIAL_H

#include "runner/map.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Runs the trial and returns its result, a new reference (NULL: no memory).
 * Whatever goes wrong is a status and a reason in the result. A cell with a
 * trace has it in request->trace meanwhile. Once per process: it pins, sets the memory policy, and may be killed by SIGALRM a
 * second after the cell's deadline.
 */
json_t *rm_trial_run(struct rm_request *request);

/*
 * Writes the events of this process (runner/event.h) as Chrome trace-event
 * JSON, for Perfetto and its like: an object with `traceEvents`,
 * `displayTimeUnit` and, in `otherData`, the cell and how many events were
 * lost. Times are microseconds since the first event.
 *
 * A span is a pair B, E of its thread, nested as the work was; a state (the
 * growth of a map) a pair b, e whose id is the map's address; a lost beginning
 * takes its end along, a lost end is the trace's. Per thread times never
 * decrease. Threads are named; tid 1 is the trial's main thread, tid n + 2 its
 * thread n.
 *
 * Returns 0, -ENOMEM, or -EIO where `out` took not all. When no thread records
 * any more; main thread.
 */
int rm_timeline_write(FILE *out, const struct rm_cell *cell);

/*
 * What all maps ask of the allocator, counted in the stats build only:
 * allocations_stats.c puts itself before malloc() and its kin in
 * programs of flavour stats; everywhere else allocations.c counts nothing.
 *
 * Emits `allocations` and `frees` (calls), `allocated_bytes`, `bytes` (held
 * now) and `bytes_peak` (most held; off by 256 KiB at most), in usable
 * sizes, of the whole process since its start, libraries included; and of
 * glibc `heap_used_bytes` (in blocks) and `heap_held_bytes` (taken from the
 * system); of the calls that were timed, one in 61 of each thread's,
 * `allocations_timed`, and `allocations_timed_ns` what they took together, with
 * one look at the clock each. Emits nothing where they are not counted. Any
 * thread.
 */
void rm_allocations_emit(rm_stat_fn *emit, void *context);

/* `bytes` of the above alone, which takes no lock; below 0: not counted. */
int64_t rm_allocations_held(void);

/*
 * What the kernel says of this thread and process, and where it puts pages:
 * kernel.c. On the simulated machine runner/sim/program/usage.c answers in its
 * place.
 */

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

/* CPU time of all threads of this process but the calling one, those that ended
   included. -1: not known. */
int64_t rm_usage_other_threads_ns(void);

/*
 * Measures the speed of this CPU, which no frequency file shows: dependent
 * additions of two registers per ns, the best of five runs of 0.1 ms. Each takes
 * one cycle. Waits up to 5 ms until `all` threads do so, which count themselves
 * in `ready`: the speed of a CPU depends on how many others work.
 */
double rm_usage_adds_per_ns(_Atomic unsigned *ready, unsigned all);

/* Of rm_now_ns(), in ns: mean cost of a reading in the cheapest of five runs,
   smallest step above 0. */
void rm_usage_clock(double *cost_ns, uint64_t *step_ns);

/* The CPU's counter of time, read in less time than rm_now_ns() takes. */
uint64_t rm_ticks(void);

/* Its rate, from 2 ms of rm_now_ns(); 0 if the kernel does not make its clock
   of this counter, so that its rate may vary. */
double rm_ticks_per_ns(void);

/* Resident bytes now and at the peak; 0 where procfs does not say. */
uint64_t rm_usage_rss_bytes(void);
uint64_t rm_usage_peak_rss_bytes(void);

/*
 * The members page_nodes, page_nodes_reason and huge_bytes of the result's
 * "footprint" (docs/reference/trial-protocol.md), set in `memory`.
 */
void rm_usage_pages(json_t *memory);

/*
 * Applies "first-touch" (nothing to do), "interleave" (over all nodes that
 * this process may use) or "bind:N". Main thread, before others start: they
 * inherit it. 0, or -errno and the reason (unknown node, container without
 * the right, kernel without NUMA).
 */
int rm_memory_policy_apply(const char *policy, struct rm_error *error);

#endif /* RM_TRIAL_H */
