/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - regions of simulated memory, and what the trial's own objects
 * call in place of malloc (runner/simulate/memory.txt): what the measured loop
 * touches must lie in simulated memory, and be told from the map's.
 */
#ifndef RM_SIMULATE_MEMORY_H
#define RM_SIMULATE_MEMORY_H

#include <stddef.h>

/* Names stacks, globals and driver; main thread, before the trial. What has no
   name is the heap, and that is the map's: RM_SIM_UNNAMED. */
void rm_sim_memory_name(unsigned cores);

#define RM_SIM_UNNAMED "map"

/* Zeroed pages of the region "driver", never reused; NULL: no memory. */
void *rm_sim_driver_alloc(size_t bytes);
void *rm_sim_driver_aligned(size_t alignment, size_t bytes);
void rm_sim_driver_free(void *pages);

#endif /* RM_SIMULATE_MEMORY_H */
