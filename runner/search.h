/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - what searches for keys are made of: in the stats build only, like
 * the counts of stat.h.
 *
 * Look-ups that write nothing shared must not share a counter either, and a Go
 * map knows no threads: these are counted for each thread of the process,
 * whatever map it searches, and summed up by runner/trial/searches.c. In
 * measured builds the macro leaves no code and evaluates nothing.
 */
#ifndef RM_SEARCH_H
#define RM_SEARCH_H

#include "runner/event.h"
#include "runner/stat.h"

enum rm_searched {
	RM_KEY_HASHES,   /* keys hashed */
	RM_CHAIN_WALKS,  /* tables searched: chains that were walked */
	RM_SLOT_PROBES,  /* slots looked at on these walks */
	RM_KEY_COMPARES, /* keys compared as a whole */
	RM_SEARCHES,
};

#ifdef RM_STATS
#define RM_SEARCH_ADD(counter, n) rm_search_add((counter), (n))
#else
#define RM_SEARCH_ADD(counter, n) ((void)sizeof((counter) + (n)))
#endif

/* The calling thread's counters, RM_SEARCHES of them; NULL before its first
   count. rm_search_join() sets them, and returns them or NULL where there are
   too many threads. */
RM_C_BEGIN
extern __thread _Atomic(uint64_t) *rm_searches;
_Atomic(uint64_t) *rm_search_join(void);
RM_C_END

static inline void rm_search_add(enum rm_searched counter, uint64_t n)
{
	_Atomic(uint64_t) *own = rm_searches;

	if (!own)
		own = rm_search_join();
	if (own)
		rm_stat_own(&own[counter], n);
}

#endif /* RM_SEARCH_H */
