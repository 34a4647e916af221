/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stat.h - counters on hot paths, in the stats build.
 *
 * Counting every operation takes time, so instrumented code is not timed. In
 * other builds, these macros generate no code. The Makefile compiles every map,
 * and the sources of the trial that use the macros, again with -DRM_STATS into
 * BUILD/stats/ and links map programs of flavour stats, which run `measure =
 * causes`. Only this header, event.h and search.h contain `#ifdef RM_STATS`.
 *
 * Work that happens at most once per growth, promotion or other O(n) step is
 * counted directly, in both builds.
 *
 * The counters are members in both builds, so that a map's memory layout does
 * not depend on the build.
 */
#ifndef RM_STAT_H
#define RM_STAT_H

#include <stdatomic.h>
#include <stdint.h>

#ifdef RM_STATS
enum { RM_STATS_BUILT = 1 };
/* Any thread may call it. `counter` is an _Atomic uint64_t. */
#define RM_STAT_ADD(counter, n) rm_stat_add(&(counter), (n))
/* Only the calling thread writes the counter. */
#define RM_STAT_OWN(counter, n) rm_stat_own(&(counter), (n))
/* The caller holds a lock. `counter` is a plain uint64_t. */
#define RM_STAT_LOCKED(counter, n) ((void)((counter) += (n)))
#else
enum { RM_STATS_BUILT = 0 };
/* Evaluates nothing, but uses its arguments, which avoids warnings. */
#define RM_STAT_ADD(counter, n)    ((void)sizeof((counter) + (n)))
#define RM_STAT_OWN(counter, n)    ((void)sizeof((counter) + (n)))
#define RM_STAT_LOCKED(counter, n) ((void)sizeof((counter) + (n)))
#endif

static inline void rm_stat_add(_Atomic(uint64_t) *counter, uint64_t n)
{
	/* relaxed: a statistic orders no other access */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void rm_stat_own(_Atomic(uint64_t) *counter, uint64_t n)
{
	/* both relaxed: one writer, and a statistic orders no other access */
	atomic_store_explicit(counter,
	        atomic_load_explicit(counter, memory_order_relaxed) + n,
	        memory_order_relaxed);
}

/* Updates a maximum. Only the calling thread writes it. */
static inline void rm_stat_max(_Atomic(uint64_t) *most, uint64_t seen)
{
	/* both relaxed: one writer, and a statistic orders no other access */
	if (seen > atomic_load_explicit(most, memory_order_relaxed))
		atomic_store_explicit(most, seen, memory_order_relaxed);
}

static inline uint64_t rm_stat_read(_Atomic(uint64_t) *counter)
{
	/* relaxed: a statistic orders no other access */
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Returns the value that rm_map_ops.stats emits for a counter of these macros:
   the count, or NAN (null in results) if this build does not count. Does not
   use <math.h>, which is as long as all other headers of most objects
   together. */
static inline double rm_stat_value(uint64_t value)
{
	return RM_STATS_BUILT ? (double)value : __builtin_nan("");
}

#endif /* RM_STAT_H */
