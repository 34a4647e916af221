/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - `readmostly replay --record`, and what it prints. */
#ifndef RM_CLI_RECORD_H
#define RM_CLI_RECORD_H

#include "runner/plan/cell.h"

struct rm_trace_recording {
	char *workload; /* its file */
	char *map;
	const char *file; /* of the trace */
	char **sets;      /* KEY=VALUE, written to */
	size_t set_count;
	uint64_t seed;
	bool binary;
};

/* Runs the workload's one throughput cell for the map and writes the trace.
   An exit status; says on standard error why it is not RM_OK. */
int rm_trace_record(const struct rm_trace_recording *recording);

/* Prints what a trial with a trace did and its digest; says on standard error
   where it failed. An exit status. */
int rm_trace_report(
        const char *verb, const struct rm_cell *cell, const json_t *result);

#endif /* RM_CLI_RECORD_H */
