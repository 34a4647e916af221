/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - what the files of flavour sim share. */
#ifndef RM_SIM_PROGRAM_H
#define RM_SIM_PROGRAM_H

#include "runner/impl.h"
#include "runner/sim/guest/world.h"
#include "runner/sim/sim.h"
#include "runner/trial/trial.h"

/*
 * --- counters.c. A trial request's "counters" say of the simulation; all but
 * the back end is optional:
 *
 *	{"backend": "sim", "machine": NAME, "limit_ns": 0,
 *	 "watch": N,                   the N hottest lines and sites, too
 *	 "costs": {"transfer": 60}}    instead of the description's
 */
#define RM_SIM_DEFAULT "icelake-sp" /* the machine where none is named */

/*
 * The machine that the cell (measure = simulated:MODEL) or else the counters
 * ask for, and how much virtual time a trial may take
 * (0: any). 0 or -errno with `error`.
 */
int rm_sim_counters_machine(const struct rm_request *request,
        struct rm_sim_mach *mach, uint64_t *limit_ns, struct rm_error *error);

/* --- memory.c: regions of simulated memory, and what the trial's own objects
   call in place of malloc (memory.txt): what the measured loop touches must
   lie in simulated memory, and be told from the map's --- */

/* Names stacks, globals and driver; main thread, before the trial. What has no
   name is the heap, and that is the map's: RM_SIM_UNNAMED. */
void rm_sim_memory_name(unsigned cores);

#define RM_SIM_UNNAMED "map"

/* Zeroed pages of the region "driver", never reused; NULL: no memory. */
void *rm_sim_driver_alloc(size_t bytes);
void *rm_sim_driver_aligned(size_t alignment, size_t bytes);
void rm_sim_driver_free(void *pages);

#endif /* RM_SIM_PROGRAM_H */
