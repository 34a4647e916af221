/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulated.h - what the commands share that run cells on the simulated
 * machine and print, without a campaign: sim-top and sim-sensitivity.
 */
#ifndef RM_CLI_SIMULATED_H
#define RM_CLI_SIMULATED_H

#include "runner/base/error.h"
#include "runner/campaign/simulator.h"
#include "runner/plan/inputs.h"
#include "runner/plan/plan.h"

#include <argp.h>

/* The cells that were asked for. Zero it before; rm_simulated_clear(). */
struct rm_simulated {
	char **files; /* the rest of argv; none: workloads/simulated-97-3.conf */
	size_t file_count;
	char *sets[64]; /* KEY=VALUE of --set */
	size_t set_count;
	const char *maps;
	uint64_t seed;
	struct rm_inputs inputs;
	struct rm_simulator simulator;
	struct rm_plan plan;
};

/* Options --set, --maps and --seed, and FILE...; a child of both commands'
   parsers, whose input is the struct. */
extern const struct argp rm_simulated_argp;

/*
 * Plans the cells. 0; RM_USAGE with `error` where there are none or none can
 * be simulated (the reason of the first).
 */
int rm_simulated_open(struct rm_simulated *simulated, struct rm_error *error);

/* The next cell to simulate from number *at on, which moves behind it; NULL:
   no more. */
const struct rm_cell *rm_simulated_next(
        const struct rm_simulated *simulated, size_t *at);

/*
 * Runs one cell as a process. `counters` are the members of the request's
 * "counters" beside the back end (a reference that is taken). *result gets a
 * new reference to a result whose status is ok; RM_FAILED with `error` where
 * the trial failed, RM_INCOMPLETE where it could not be run.
 */
int rm_simulated_run(const struct rm_simulated *simulated,
        const struct rm_cell *cell, json_t *counters, json_t **result,
        struct rm_error *error);

/* A count of the result, per operation; NAN where it is not there. */
double rm_simulated_per_op(const json_t *result, const char *metric);

void rm_simulated_clear(struct rm_simulated *simulated);

#endif /* RM_CLI_SIMULATED_H */
