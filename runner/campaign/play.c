/* SPDX-License-Identifier: Apache-2.0 */
/* play.c - runs one trial of a cell: chooses program, request and limits. */
#include "runner/campaign/internal.h"

#include "runner/base/limits.h"
#include "runner/base/sanitized.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

/* Size of the address space that the C library reserves for a thread's
   stack. */
static uint64_t stack_bytes(void)
{
	struct rlimit limit;
	const uint64_t usual_bytes = 8 << 20;

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return usual_bytes;
	return limit.rlim_cur;
}

uint64_t rm_memory_limit_bytes(unsigned threads)
{
	struct rm_limits limits;

	rm_limits_read(&limits);
	const uint64_t most = rm_limits_trial_bytes(&limits);

	return rm_sanitized() || most == UINT64_MAX
	               ? 0
	               : most + threads * stack_bytes();
}

const char *rm_arm_program(const struct rm_arm *arm, const struct rm_cell *cell,
        char path[RM_PROGRAM_BYTES])
{
	const char *flavour = rm_arm_flavour(arm, cell);

	if (!arm->program)
		return rm_map_program(flavour, cell->map, path);
	snprintf(path, RM_PROGRAM_BYTES, arm->is_folder ? "%s/%s/%s" : "%s",
	        arm->program, flavour, cell->map);
	return path;
}

static json_t *make_request(const struct rm_cell *cell, uint64_t seed,
        double control_extra, json_t *counters)
{
	struct rm_request request = { .cell = *cell,
		.seed = seed,
		.control_extra = control_extra,
		.counters = counters };
	json_t *json = counters ? rm_request_to_json(&request) : NULL;

	json_decref(counters);
	return json;
}

int rm_cell_trial_run(const struct rm_cell_trial_run *play,
        struct rm_outcome *outcome, struct rm_error *error)
{
	const struct rm_cell *cell = play->cell;
	const bool is_replaced = play->program && !play->arm->program;
	char path[RM_PROGRAM_BYTES];
	const struct rm_launch launch = {
		.cell = cell,
		.program = is_replaced ? play->program
		                       : rm_arm_program(play->arm, cell, path),
		.deadline_ns = cell->deadline_ns,
		/* a simulated machine reserves much memory but touches
		   little */
		.memory_limit_bytes =
		        cell->measure == RM_MEASURE_SIMULATED
		                ? 0
		                : rm_memory_limit_bytes(cell->threads),
		.padding_seed = play->padding_seed,
		.interrupt_fd = play->interrupt_fd,
	};
	json_t *request = make_request(
	        cell, play->seed, play->arm->control_extra, play->counters);

	if (!request)
		return rm_error_set(error, -ENOMEM, "no memory for a request");
	int result = rm_launch(&launch, request, outcome, error);

	json_decref(request);
	return result;
}
