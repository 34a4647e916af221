/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stat.h - counts on hot paths, made in the stats build only.
 *
 * What a map counts once per operation costs time, and what is instrumented
 * is not timed: in the normal build these macros leave no code. The Makefile
 * compiles every map and the driver a second time with -DRM_STATS into
 * BUILD/stats/, links map programs of flavour stats with them, and `measure =
 * causes` runs there. This header, event.h and search.h alone ask for RM_STATS.
 *
 * What happens at most once per growth, promotion or other work of O(n) is
 * counted plainly, in both builds.
 *
 * The counters themselves are members in both builds: a map's layout in
 * memory does not depend on who looks at it.
 */
#ifndef RM_STAT_H
#define RM_STAT_H

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>

#ifdef RM_STATS
enum { RM_STATS_BUILT = 1 };
/* Any thread. `counter` is an _Atomic uint64_t. */
#define RM_STAT_ADD(counter, n) rm_stat_add(&(counter), (n))
/* The calling thread is the counter's only writer. */
#define RM_STAT_OWN(counter, n) rm_stat_own(&(counter), (n))
/* `counter` is a plain uint64_t, under a lock that the caller holds. */
#define RM_STAT_LOCKED(counter, n) ((void)((counter) += (n)))
#else
enum { RM_STATS_BUILT = 0 };
/* Evaluates nothing, but uses its arguments: no warning of unused ones. */
#define RM_STAT_ADD(counter, n)    ((void)sizeof((counter) + (n)))
#define RM_STAT_OWN(counter, n)    ((void)sizeof((counter) + (n)))
#define RM_STAT_LOCKED(counter, n) ((void)sizeof((counter) + (n)))
#endif

static inline void rm_stat_add(_Atomic(uint64_t) *counter, uint64_t n)
{
	/* relaxed: a statistic orders nothing */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void rm_stat_own(_Atomic(uint64_t) *counter, uint64_t n)
{
	/* relaxed, both: one writer, and a statistic orders nothing */
	atomic_store_explicit(counter,
	        atomic_load_explicit(counter, memory_order_relaxed) + n,
	        memory_order_relaxed);
}

/* A maximum. The calling thread is its only writer. */
static inline void rm_stat_most(_Atomic(uint64_t) *most, uint64_t seen)
{
	/* relaxed, both: one writer, and a statistic orders nothing */
	if (seen > atomic_load_explicit(most, memory_order_relaxed))
		atomic_store_explicit(most, seen, memory_order_relaxed);
}

static inline uint64_t rm_stat_read(_Atomic(uint64_t) *counter)
{
	/* relaxed: a statistic orders nothing */
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* What `stats` emits for a counter of the macros above: its value, or "not
   available" (NAN; null in results), which is not 0. */
static inline double rm_stat_value(uint64_t value)
{
	return RM_STATS_BUILT ? (double)value : (double)NAN;
}

#endif /* RM_STAT_H */
