/* SPDX-License-Identifier: Apache-2.0 */
/* searches.c - sums the steps of key searches over all threads. */
#include "runner/trial/internal.h"

enum {
	/* a cell has at most 4096 threads; maps may start others */
	PLACES = RM_STATS_BUILT ? 4096 + 64 : 1,
};

/* Global, so that a counter remains after its thread has ended. Results are
   built after all threads have ended. */
static struct place {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t counts[RM_SEARCHES];
} places[PLACES];
static _Atomic unsigned places_taken;

__thread _Atomic(uint64_t) *rm_searches;

_Atomic uint64_t *rm_search_join(void)
{
	/* both relaxed: only uniqueness matters */
	if (atomic_load_explicit(&places_taken, memory_order_relaxed) >= PLACES)
		return NULL;
	const unsigned at = atomic_fetch_add_explicit(
	        &places_taken, 1, memory_order_relaxed);

	if (at < PLACES)
		rm_searches = places[at].counts;
	return rm_searches;
}

void rm_searches_emit(rm_stat_fn *emit, void *context)
{
	static const char *const names[RM_SEARCHES] = { "key_hashes",
		"chain_walks", "slot_probes", "key_compares" };
	unsigned taken;

	if (!RM_STATS_BUILT)
		return;
	/* relaxed: any recent value suffices */
	taken = atomic_load_explicit(&places_taken, memory_order_relaxed);
	if (!taken)
		return;
	for (int counter = 0; counter < RM_SEARCHES; counter++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < taken && i < PLACES; i++)
			sum += rm_stat_read(&places[i].counts[counter]);
		emit(context, names[counter], "1", (double)sum);
	}
}
