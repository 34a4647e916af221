/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - counts the steps of key searches, in the stats build only.
 *
 * Look-ups that write no shared data must not write a shared counter, and a Go
 * map cannot determine which thread calls it. So each thread of the process
 * counts its searches in all maps together, and runner/trial/searches.c adds
 * the counts of all threads. In measured builds, the macro generates no code
 * and evaluates nothing.
 */
#ifndef RM_SEARCH_H
#define RM_SEARCH_H

#include "runner/event.h"
#include "runner/stat.h"

enum rm_search_counter {
	RM_KEY_HASHES,   /* number of hashed keys */
	RM_CHAIN_WALKS,  /* number of searches, each of which walks one chain */
	RM_SLOT_PROBES,  /* number of slots inspected by these searches */
	RM_KEY_COMPARES, /* number of full comparisons of keys */
	RM_SEARCHES,
};

#ifdef RM_STATS
#define RM_SEARCH_ADD(counter, n) rm_search_add((counter), (n))
#else
#define RM_SEARCH_ADD(counter, n) ((void)sizeof((counter) + (n)))
#endif

/* The calling thread's RM_SEARCHES counters; NULL before its first count.
   rm_search_join() sets and returns this pointer. It returns NULL if there are
   too many threads. */
RM_C_BEGIN
extern __thread _Atomic(uint64_t) *rm_searches;
_Atomic(uint64_t) *rm_search_join(void);
RM_C_END

static inline void rm_search_add(enum rm_search_counter counter, uint64_t n)
{
	_Atomic(uint64_t) *own = rm_searches;

	if (!own)
		own = rm_search_join();
	if (own)
		rm_stat_own(&own[counter], n);
}

#endif /* RM_SEARCH_H */
