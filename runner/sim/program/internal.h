/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private header, shared by the files of flavour sim. */
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
 * Reads the name of the simulated machine from the cell (measure =
 * simulated:MODEL) or from the counters, finds the machine, and reads the limit
 * of virtual time (0: no limit). Returns 0, or -errno with `error`.
 */
int rm_sim_counters_machine(const struct rm_request *request,
        struct rm_sim_mach *mach, uint64_t *limit_ns, struct rm_error *error);

/* --- memory.c: names regions of simulated memory, and replaces malloc for the
   trial's own objects (memory.txt). The measured loop uses these objects, so
   they must be in simulated memory, but not in the map's heap --- */

/* Names the regions stacks, globals and driver. Call it on the main thread
   before the trial. The map's heap has no name (RM_SIM_UNNAMED). */
void rm_sim_memory_name(unsigned cores);

#define RM_SIM_UNNAMED "map"

/* Return zeroed pages of the region "driver", which are never used again. NULL:
   out of memory. */
void *rm_sim_driver_alloc(size_t bytes);
void *rm_sim_driver_aligned(size_t alignment, size_t bytes);
void rm_sim_driver_free(void *pages);

#endif /* RM_SIM_PROGRAM_H */
