/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - what a trial request's "counters" say of the simulation:
 * {"backend": "sim", "machine": NAME, "limit_ns": 0}, the last two optional.
 */
#ifndef RM_SIMULATE_COUNTERS_H
#define RM_SIMULATE_COUNTERS_H

#include "runner/sim/mach.h"
#include "runner/trial/trial.h"

#define RM_SIM_DEFAULT "icelake-sp" /* the machine where none is named */

/*
 * The machine that the cell (measure = simulated:MODEL) or else the counters
 * ask for, and how much virtual time a trial may take
 * (0: any). 0 or -errno with `error`.
 */
int rm_sim_counters_machine(const struct rm_request *request,
        struct rm_sim_mach *mach, uint64_t *limit_ns, struct rm_error *error);

#endif /* RM_SIMULATE_COUNTERS_H */
