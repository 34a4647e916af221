/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - declarations shared by the files of flavour sim. */
#ifndef RM_SIM_PROGRAM_H
#define RM_SIM_PROGRAM_H

#include "runner/impl.h"
#include "runner/sim/guest/world.h"
#include "runner/sim/sim.h"
#include "runner/trial/trial.h"

/*
 * --- counters.c. Members of a trial request's "counters"; all but the back end
 * are optional:
 *
 *	{"backend": "sim", "machine": NAME, "limit_ns": 0,
 *	 "watch": N,                   also report N hottest lines, sites
 *	 "costs": {"transfer": 60}}    replaces costs of the description
 */
#define RM_SIM_DEFAULT "icelake-sp" /* default machine */

/*
 * Gets the simulated machine from the cell (measure = simulated:MODEL) or from
 * the counters, and the limit of virtual time (0: no limit). Returns 0 or
 * -errno with `error`.
 */
int rm_sim_counters_machine(const struct rm_request *request,
        struct rm_sim_mach *mach, uint64_t *limit_ns, struct rm_error *error);

/* --- memory.c: regions of simulated memory, and replacements of malloc for the
   trial's own objects (memory.txt). Memory that the measured loop uses must be
   simulated, and distinct from the map's --- */

/* Names the regions stacks, globals and driver. Call it on the main thread
   before the trial. Unnamed memory is the map's heap (RM_SIM_UNNAMED). */
void rm_sim_memory_name(unsigned cores);

#define RM_SIM_UNNAMED "map"

/* Returns zeroed pages of the region "driver", which are never reused; NULL:
   out of memory. */
void *rm_sim_driver_alloc(size_t bytes);
void *rm_sim_driver_aligned(size_t alignment, size_t bytes);
void rm_sim_driver_free(void *pages);

#endif /* RM_SIM_PROGRAM_H */
