/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - what a trial request's "counters" say of the simulation; all
 * but the back end is optional:
 *
 *	{"backend": "sim", "machine": NAME, "limit_ns": 0,
 *	 "watch": N,                   the N hottest lines and sites, too
 *	 "costs": {"transfer": 60}}    instead of the description's
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
