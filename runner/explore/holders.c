/* SPDX-License-Identifier: Apache-2.0 */
/* holders.c - what all locks share: a step, and who holds them (locks.h). */
#include "runner/explore/heap.h"
#include "runner/explore/locks.h"

#include <string.h>

void rm_explore_reach(const void *lock, size_t bytes, const void *site)
{
	uint64_t offset = (uintptr_t)lock - rm_explore_heap;

	if (!rm_explore.alone) {
		rm_explore_step();
		rm_explore_note(4, site);
	}
	if (offset < RM_EXPLORE_HEAP_BYTES && !rm_explore_in_block(offset, 4))
		rm_explore_heap_fault((uintptr_t)lock, 4, true, site);
	rm_explore_clocks_keep(lock, bytes);
}

_Noreturn void rm_explore_misuse(const char *what, const void *site)
{
	rm_explore_stop(RM_EXPLORE_MISUSE, site, NULL, "%s %s",
	        rm_explore_lane_name(rm_explore.running->id), what);
}

uint32_t rm_explore_holders(const struct rm_explore_lane *lane)
{
	const struct rm_explore_rwlock *rwlock = lane->waits_for;
	uint32_t owner;

	if (lane->wait == RM_EXPLORE_FOR_MUTEX) {
		memcpy(&owner, lane->waits_for, sizeof(owner));
		return owner ? 1U << (owner - 1) : 0;
	}
	if (lane->wait != RM_EXPLORE_FOR_READ &&
	        lane->wait != RM_EXPLORE_FOR_WRITE)
		return 0;
	return (rwlock->writer ? 1U << (rwlock->writer - 1) : 0) |
	       rwlock->readers;
}
