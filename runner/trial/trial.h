/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - public header: runs one cell once in this process, as
 * docs/reference/trial-protocol.md describes.
 */
#ifndef RM_TRIAL_H
#define RM_TRIAL_H

#include "runner/map.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Runs the trial and returns its result, a new reference (NULL: out of memory).
 * Errors are reported by status and reason in the result. If the cell has a
 * trace, request->trace is set during the call. Call it once per process: it
 * binds threads, sets the memory policy, and sets an alarm that kills the
 * process a second after the cell's deadline.
 */
json_t *rm_trial_run(struct rm_request *request);

/*
 * Writes the events of this process (runner/event.h) as Chrome trace-event
 * JSON, for Perfetto and similar viewers: an object with `traceEvents`,
 * `displayTimeUnit` and, in `otherData`, the cell and the number of lost
 * events. Times are microseconds since the first event.
 *
 * A span is a pair of B and E events of its thread, nested in time. A state
 * (the growth of a map) is a pair of b and e events whose id is the map's
 * address. If the beginning of a state was lost, its end is omitted; if the end
 * was lost, it is set to the last time of the trace. Times never decrease
 * within a thread. Threads are named; tid 1 is the trial's main thread, tid n +
 * 2 its thread n.
 *
 * Returns 0, -ENOMEM, or -EIO if `out` could not be written. Call it from the
 * main thread when no thread records any more.
 */
int rm_timeline_write(FILE *out, const struct rm_cell *cell);

/*
 * Counts of allocator calls. In programs of flavour stats, allocations_stats.c
 * replaces malloc() and related functions. In other programs, allocations.c
 * counts nothing.
 *
 * Emits `allocations` and `frees` (calls), `allocated_bytes`, `bytes` (in use
 * now) and `bytes_peak` (maximum in use; error at most 256 KiB). Sizes are
 * usable sizes; all counts are for the whole process since its start, including
 * libraries. With glibc, also emits `heap_used_bytes` (in blocks) and
 * `heap_held_bytes` (obtained from the system). One in 61 calls of each thread
 * is timed: `allocations_timed` is their number and `allocations_timed_ns`
 * their total time, including one clock reading each. Emits nothing if this
 * build does not count. Any thread.
 */
void rm_allocations_emit(rm_stat_fn *emit, void *context);

/* Returns the value `bytes` of rm_allocations_emit() without taking a lock;
   negative: not counted. */
int64_t rm_allocations_held(void);

/*
 * kernel.c: the kernel's statistics of threads and memory, and the placement of
 * pages. On the simulated machine, runner/sim/program/usage.c implements these
 * functions.
 */

/* Resources that one thread has used since its start. -1: the kernel does not
   report the value. */
struct rm_thread_usage {
	uint64_t cpu_ns;
	int64_t voluntary_switches, involuntary_switches;
	int64_t minor_faults, major_faults;
	int64_t migrations;       /* from /proc/thread-self/sched */
	int64_t runqueue_wait_ns; /* from /proc/thread-self/schedstat */
};

/* Sets all members except the last two, for the calling thread. Takes 0.5
   us. */
void rm_usage_read_thread(struct rm_thread_usage *usage);
/* Sets the last two members. Takes tens of us, since it reads procfs. */
void rm_usage_read_thread_slow(struct rm_thread_usage *usage);

/* Returns the CPU time of all threads of this process except the calling
   thread, including threads that have ended. -1: unknown. */
int64_t rm_usage_other_threads_ns(void);

/*
 * Measures the actual speed of this CPU, which no file of the kernel contains:
 * dependent additions of two registers per ns, in the fastest of five runs of
 * 0.1 ms. Each addition takes one cycle. Waits up to 5 ms for `all` threads
 * (counted in `ready`), because the speed depends on the number of busy CPUs.
 */
double rm_usage_measure_adds_per_ns(_Atomic unsigned *ready, unsigned all);

/* Measures the clock: cost_ns is the mean time of rm_now_ns() in the fastest of
   five runs, and step_ns is its smallest step above 0. */
void rm_usage_measure_clock(double *cost_ns, uint64_t *step_ns);

/* Reads the CPU's time-stamp counter. This takes less time than rm_now_ns(). */
uint64_t rm_ticks(void);

/* Returns the rate of rm_ticks(), measured over 2 ms of rm_now_ns(). Returns 0
   if the kernel's clock does not use this counter, because its rate may then
   vary. */
double rm_ticks_per_ns(void);

/* Return the current and the maximum resident memory; 0 if procfs does not
   report it. */
uint64_t rm_usage_rss_bytes(void);
uint64_t rm_usage_peak_rss_bytes(void);

/*
 * Sets page_nodes, page_nodes_reason and huge_bytes in `memory`, the result's
 * "footprint" (docs/reference/trial-protocol.md).
 */
void rm_usage_read_pages(json_t *memory);

enum { RM_NODES_MAX = 1024 };

/* Counts resident anonymous pages (of 4 KiB on x86) by NUMA node. Pages of
   files do not count, since they are on the node of the first process that read
   them. Returns 0, or -errno without /proc/self/numa_maps. Any thread. */
int rm_usage_count_pages(int64_t pages[RM_NODES_MAX]);

/* Returns the number of nodes from which this process may allocate, at least
   1. */
unsigned rm_memory_nodes(void);

/*
 * Applies "first-touch" (no action), "interleave" (over all nodes that this
 * process may use) or "bind:N". Call it on the main thread before other threads
 * start, since they inherit the policy. Returns 0, or -errno with `error`
 * (unknown node, container without permission, kernel without NUMA).
 */
int rm_memory_policy_apply(const char *policy, struct rm_error *error);

#endif /* RM_TRIAL_H */
