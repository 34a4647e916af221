/* SPDX-License-Identifier: Apache-2.0 */
/* simulated.h - runs cells on the simulated machine without a campaign, for
   sim-top and sim-sensitivity. */
#ifndef RM_CLI_SIMULATED_H
#define RM_CLI_SIMULATED_H

#include "runner/cli/command.h"

/* A command. The input of its argp parser must begin with this struct. */
struct rm_simulated {
	struct rm_plan_arguments
	        arguments; /* default file: workloads/simulated-97-3.conf */
	struct rm_planned planned;
	bool json; /* print one array of results */
	/* Processes one cell: prints the cell, or appends it to `list`. Returns
	   0, or a status with `error`. */
	int (*cell)(struct rm_simulated *simulated, const struct rm_cell *cell,
	        json_t *list, struct rm_error *error);
};

/* Parses the command line, calls `cell` for each selected simulated cell, and
   prints output and errors. Returns the exit status. */
int rm_simulated_main(int argc, char **argv, const struct argp *argp,
        struct rm_simulated *simulated);

/* Runs one cell in a separate process. Adds the members of `counters`, whose
   reference it takes, to the request's "counters". *result receives a new
   reference to a result with status ok. Returns RM_FAILED with `error` if the
   trial failed, and RM_INCOMPLETE if it could not run. */
int rm_simulated_run(const struct rm_simulated *simulated,
        const struct rm_cell *cell, json_t *counters, json_t **result,
        struct rm_error *error);

/* Returns a count of the result, per operation; NAN if the count is missing. */
double rm_simulated_per_op(const json_t *result, const char *metric);

#endif /* RM_CLI_SIMULATED_H */
