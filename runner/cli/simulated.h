/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulated.h - what the commands share that run cells on the simulated
 * machine and print, without a campaign: sim-top and sim-sensitivity.
 */
#ifndef RM_CLI_SIMULATED_H
#define RM_CLI_SIMULATED_H

#include "runner/cli/command.h"

/* A command: the first member of what its parser has as input. */
struct rm_simulated {
	struct rm_wish wish; /* no file: workloads/simulated-97-3.conf */
	struct rm_planned planned;
	bool json; /* one array of `cell`'s results, instead of words */
	/* Does its work on one cell: prints, or adds to `list`. 0, or a status
	   with `error`. */
	int (*cell)(struct rm_simulated *simulated, const struct rm_cell *cell,
	        json_t *list, struct rm_error *error);
};

/* Runs the command: parses, does `cell` on each simulated cell that was asked
   for, prints, says what went wrong. An exit status. */
int rm_simulated_main(int argc, char **argv, const struct argp *argp,
        struct rm_simulated *simulated);

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

#endif /* RM_CLI_SIMULATED_H */
