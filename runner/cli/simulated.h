/* SPDX-License-Identifier: Apache-2.0 */
/* simulated.h - shared by sim-top and sim-sensitivity, which run cells on the
   simulated machine without a campaign. */
#ifndef RM_CLI_SIMULATED_H
#define RM_CLI_SIMULATED_H

#include "runner/cli/command.h"

/* A command. Must be the first member of the argp parser's input. */
struct rm_simulated {
	struct rm_plan_arguments
	        arguments; /* default file: workloads/simulated-97-3.conf */
	struct rm_planned planned;
	bool json; /* print one array of results */
	/* Processes one cell: prints it, or appends it to `list`. Returns 0, or
	   a status with `error`. */
	int (*cell)(struct rm_simulated *simulated, const struct rm_cell *cell,
	        json_t *list, struct rm_error *error);
};

/* Parses the command line, calls `cell` for each selected simulated cell,
   prints output and errors. Returns the exit status. */
int rm_simulated_main(int argc, char **argv, const struct argp *argp,
        struct rm_simulated *simulated);

/* Runs one cell in a process of its own. Adds the members of `counters`, whose
   reference it takes, to the request's "counters". *result receives a new
   reference to a result with status ok. Returns RM_FAILED with `error` if the
   trial failed, RM_INCOMPLETE if it could not run. */
int rm_simulated_run(const struct rm_simulated *simulated,
        const struct rm_cell *cell, json_t *counters, json_t **result,
        struct rm_error *error);

/* A count from the result, per operation; NAN if it is missing. */
double rm_simulated_per_op(const json_t *result, const char *metric);

#endif /* RM_CLI_SIMULATED_H */
