/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/cli/simulated.h"

#include "runner/campaign/campaign.h"
#include "runner/campaign/launch.h"
#include "runner/campaign/program.h"
#include "runner/plan/number.h"
#include "runner/plan/topology.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_SET = 512, OPTION_MAPS, OPTION_SEED };

static char default_file[] = "workloads/simulated-97-3.conf";

static const struct argp_option options[] = {
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "as if this were the last line of each file; repeatable: "
	        "--set threads=16",
	        0 },
	{ "maps", OPTION_MAPS, "IDS", 0, "only these maps: ids, globs, ~glob",
	        0 },
	{ "seed", OPTION_SEED, "N", 0, "of keys and operations (1)", 0 }, { 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct rm_simulated *simulated = state->input;

	switch (key) {
	case OPTION_SET:
		if (simulated->set_count ==
		        sizeof(simulated->sets) / sizeof(*simulated->sets))
			argp_error(state, "--set: expected fewer of them");
		else
			simulated->sets[simulated->set_count++] = text;
		return 0;
	case OPTION_MAPS:
		simulated->maps = text;
		return 0;
	case OPTION_SEED:
		if (rm_number_count(text, &simulated->seed))
			argp_error(state,
			        "--seed \"%s\": expected a number from 0 to "
			        "2^53",
			        text);
		return 0;
	case ARGP_KEY_INIT:
		simulated->seed = 1;
		return 0;
	case ARGP_KEY_ARGS:
		simulated->files = state->argv + state->next;
		simulated->file_count = (size_t)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp rm_simulated_argp = { options, parse, "[FILE...]", NULL, NULL,
	NULL, NULL };

const struct rm_cell *rm_simulated_next(
        const struct rm_simulated *simulated, size_t *at)
{
	while (*at < simulated->plan.cell_count) {
		const struct rm_cell *cell =
		        &simulated->plan.cells[(*at)++].cell;

		if (cell->measure == RM_MEASURE_SIMULATED && !cell->skip[0])
			return cell;
	}
	return NULL;
}

/* Why nothing is left to simulate. */
static int nothing(const struct rm_simulated *simulated, struct rm_error *error)
{
	for (size_t i = 0; i < simulated->plan.cell_count; i++) {
		const struct rm_cell *cell = &simulated->plan.cells[i].cell;

		if (cell->measure == RM_MEASURE_SIMULATED)
			return rm_error_set(error, RM_USAGE, "%s: %s",
			        cell->map, cell->skip);
	}
	return rm_error_set(error, RM_USAGE,
	        "nothing to simulate, expected a workload with measure = "
	        "simulated:MODEL (--set measure=simulated:icelake-sp)");
}

int rm_simulated_open(struct rm_simulated *simulated, struct rm_error *error)
{
	char *only[] = { default_file };
	struct rm_topology topology = { 0 };
	struct rm_plan_options wanted = { .seed = simulated->seed,
		.maps = simulated->maps,
		.can_simulate = rm_simulator_can,
		.simulator = &simulated->simulator };
	bool given = simulated->file_count > 0;
	size_t at = 0;

	rm_simulator_ask(&simulated->simulator);
	int failed = rm_inputs_load(given ? simulated->files : only,
	        given ? simulated->file_count : 1, NULL, simulated->sets,
	        simulated->set_count, &simulated->inputs, error);

	if (!failed)
		failed = rm_topology_load(NULL, &topology, error);
	if (!failed)
		failed = rm_plan_build(simulated->inputs.workloads,
		        simulated->inputs.workload_count, &topology, &wanted,
		        &simulated->plan, error);
	rm_topology_free(&topology);
	if (failed)
		return RM_USAGE;
	return rm_simulated_next(simulated, &at) ? 0
	                                         : nothing(simulated, error);
}

/* The trial's answer, or why there is none. */
static int take(struct rm_outcome *outcome, const struct rm_cell *cell,
        json_t **result, struct rm_error *error)
{
	if (strcmp(outcome->status, "ok"))
		return rm_error_set(error, RM_FAILED, "%s: %s", cell->id,
		        outcome->reason ? outcome->reason : outcome->status);
	*result = json_incref(outcome->result);
	return 0;
}

int rm_simulated_run(const struct rm_simulated *simulated,
        const struct rm_cell *cell, json_t *counters, json_t **result,
        struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES];
	const struct rm_launch how = {
		.program = rm_program_of(RM_MEASURE_SIMULATED, path),
		.deadline_ns = cell->deadline_ns,
		.interrupt_fd = -1,
	};
	struct rm_outcome outcome = { 0 };
	json_t *request;
	int failed;

	json_object_set_new(counters, "backend", json_string("sim"));
	request = rm_request_json(
	        cell, rm_plan_seed(&simulated->plan, cell->id, 0), counters);
	if (!request)
		return rm_error_set(error, RM_INCOMPLETE, "out of memory");
	failed = rm_launch(&how, request, &outcome, error);
	json_decref(request);
	failed = failed ? RM_INCOMPLETE : take(&outcome, cell, result, error);
	rm_outcome_clear(&outcome);
	return failed;
}

double rm_simulated_per_op(const json_t *result, const char *metric)
{
	const json_t *events =
	        json_object_get(json_object_get(result, "counters"), "events");
	double ops = json_number_value(json_object_get(result, "ops"));

	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *name =
		        json_string_value(json_object_get(event, "metric"));

		if (name && !strcmp(name, metric))
			return json_number_value(
			               json_object_get(event, "total")) /
			       ops;
	}
	return NAN;
}

void rm_simulated_clear(struct rm_simulated *simulated)
{
	rm_plan_free(&simulated->plan);
	rm_inputs_clear(&simulated->inputs);
	free(simulated->simulator.text);
}
