/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - names regions of simulated memory and allocates memory of the
 * driver.
 *
 * The team, its workers and their streams have separate pages. If they were in
 * the map's heap, they would be between the map's blocks and change its counts.
 */
#include "runner/sim/guest/space.h"
#include "runner/sim/program/internal.h"

/* Pages are numbered at first use; pages above this number count as "map". */
enum { GLOBALS_NAMED_BYTES = 4 << 20 };

static void name_region(const char *region, const void *at, uint64_t bytes)
{
	rm_sim_region(rm_sim_world_model(), region,
	        rm_sim_space_offset((uintptr_t)at), bytes);
}

void rm_sim_memory_name(unsigned cores)
{
	/* only the upper half, which threads use, since a name takes memory per
	   line */
	for (unsigned i = 0; i < cores; i++)
		name_region("stacks",
		        (char *)rm_sim_space_stack(i) - RM_SIM_STACK_BYTES / 2,
		        RM_SIM_STACK_BYTES / 2);
	/* the main thread's stack contains the team's stop flag */
	name_region("driver",
	        (char *)rm_sim_space_stack(RM_SIM_CORES_MAX) -
	                RM_SIM_STACK_BYTES / 2,
	        RM_SIM_STACK_BYTES / 2);
	rm_sim_region(rm_sim_world_model(), "globals", RM_SIM_GLOBALS_AT,
	        GLOBALS_NAMED_BYTES);
}

void *rm_sim_driver_alloc(size_t bytes)
{
	void *pages = rm_sim_space_map(bytes);

	if (pages)
		name_region("driver", pages, bytes);
	return pages;
}

void *rm_sim_driver_aligned(size_t alignment, size_t bytes)
{
	(void)alignment; /* the alignment of pages suffices */
	return rm_sim_driver_alloc(bytes);
}

void rm_sim_driver_free(void *pages)
{
	(void)pages; /* not freed, since the process ends after its trial */
}
