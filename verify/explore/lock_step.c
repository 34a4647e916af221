/* SPDX-License-Identifier: Apache-2.0 */
/* lock_step.c - takes the step of each lock operation, and reports misuse
   (locks.h). */
#include "verify/explore/heap.h"
#include "verify/explore/locks.h"
#include "verify/explore/memory.h"

void rm_explore_lock_step(const void *lock, size_t bytes, const void *site)
{
	uint64_t offset = (uintptr_t)lock - rm_explore_heap;

	if (rm_explore.alone) {
		rm_explore_alone_step(site);
	} else {
		rm_explore_step();
		rm_explore_note(RM_EXPLORE_LOCKS, site);
	}
	if (offset < RM_EXPLORE_HEAP_BYTES && !rm_explore_in_block(offset, 4))
		rm_explore_heap_fault((uintptr_t)lock, 4, true, site);
	rm_explore_clocks_keep(lock, bytes);
	rm_explore_drain_own(); /* locked instructions drain the buffer */
}

_Noreturn void rm_explore_misuse(const char *what, const void *site)
{
	rm_explore_stop(RM_EXPLORE_MISUSE, site, NULL, "%s %s",
	        rm_explore_lane_name(rm_explore.running->id), what);
}
