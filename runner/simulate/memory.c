/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the driver's own memory, apart from the map's, by name. */
#include "runner/simulate/memory.h"

#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

static void name(const char *what, const void *at, uint64_t bytes)
{
	rm_sim_region(rm_sim_world_model(), what,
	        rm_sim_space_offset((uintptr_t)at), bytes);
}

void rm_sim_memory_name(void)
{
	struct rm_sim *model = rm_sim_world_model();
	const char *main_top = rm_sim_space_stack(RM_SIM_CORES_MAX);

	rm_sim_region(model, "map", 0, RM_SIM_HEAP_BYTES);
	rm_sim_region(model, "stacks", RM_SIM_STACKS_AT, RM_SIM_STACKS_BYTES);
	rm_sim_region(
	        model, "globals", RM_SIM_GLOBALS_AT, RM_SIM_GLOBALS_BYTES);
	/* the team's stop flag and its like are on the main thread's stack */
	name("driver", main_top - RM_SIM_STACK_BYTES / 2,
	        RM_SIM_STACK_BYTES / 2);
}

void *rm_sim_driver_alloc(size_t bytes)
{
	void *pages = rm_sim_space_map(bytes);

	if (pages)
		name("driver", pages, bytes);
	return pages;
}

void *rm_sim_driver_aligned(size_t alignment, size_t bytes)
{
	(void)alignment; /* pages */
	return rm_sim_driver_alloc(bytes);
}

void rm_sim_driver_free(void *pages)
{
	(void)pages; /* the process ends with its trial */
}
