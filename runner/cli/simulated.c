/* SPDX-License-Identifier: Apache-2.0 */
/* simulated.c - runs the simulated cells of sim-top and sim-sensitivity. */
#include "runner/cli/simulated.h"

#include "runner/base/host.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static bool is_simulated(const struct rm_cell *cell)
{
	return cell->measure == RM_MEASURE_SIMULATED;
}

/* Reports why the first simulated cell was skipped, if no cell ran. Returns
   RM_USAGE. */
static int report_none(const struct rm_plan *plan,
        const struct rm_workload *workload, struct rm_error *error)
{
	const char *where = workload->where[RM_KEY_MEASURE];

	for (size_t i = 0; i < plan->cell_count; i++)
		if (is_simulated(&plan->cells[i].cell))
			return rm_error_set(error, RM_USAGE, "%s: %s",
			        plan->cells[i].cell.map,
			        plan->cells[i].cell.skip);
	return rm_error_set(error, RM_USAGE,
	        "%s: nothing to simulate, expected measure = simulated:MODEL "
	        "and a window in operations (--set "
	        "measure=simulated:icelake-sp --set window=10000ops)",
	        strcmp(where, "default") ? where : workload->file);
}

/* Runs the cells. Skips cells that cannot be simulated if at least one cell
   can, since some default maps call code that the simulator does not model. */
static int run_cells(
        struct rm_simulated *simulated, json_t *list, struct rm_error *error)
{
	static char default_file[PATH_MAX];
	static char *const default_files[] = { default_file };
	const struct rm_plan *plan = &simulated->planned.plan;
	size_t done = 0;
	int status;

	if (!simulated->arguments.file_count) {
		rm_host_shared_path("workloads/simulated-97-3.conf",
		        default_file, sizeof(default_file));
		simulated->arguments.files = default_files;
		simulated->arguments.file_count = 1;
	}
	status = rm_planned_load(
	        &simulated->arguments, &simulated->planned, error);
	for (size_t i = 0; !status && i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (!is_simulated(cell) || cell->skip[0])
			continue;
		status = simulated->cell(simulated, cell, list, error);
		done++;
	}
	if (status || done)
		return status;
	return report_none(plan, simulated->planned.inputs.workloads, error);
}

int rm_simulated_main(int argc, char **argv, const struct argp *argp,
        struct rm_simulated *simulated)
{
	struct rm_error error = { "" };
	json_t *list;
	int status;

	if (rm_argument_parse(argp, argc, argv, simulated))
		return RM_FAILED;
	list = json_array();
	status = run_cells(simulated, list, &error);
	if (status)
		/* argv[0] is "readmostly dev COMMAND" */
		fprintf(stderr, "%s: %s\n", argv[0], error.text);
	else if (simulated->json)
		status = rm_print_json(list, JSON_INDENT(1));
	json_decref(list);
	rm_planned_clear(&simulated->planned);
	rm_plan_arguments_clear(&simulated->arguments);
	return status;
}

/* Takes the trial's result from `outcome`. If the trial failed, stores the
   reason in `error`. */
static int take_result(struct rm_outcome *outcome, const struct rm_cell *cell,
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
	const struct rm_launch launch = {
		.cell = cell,
		.program = rm_map_program("sim", cell->map, path),
		.deadline_ns = cell->deadline_ns,
		.interrupt_fd = -1,
	};
	struct rm_outcome outcome = { 0 };
	const struct rm_request request = {
		.cell = *cell,
		.seed = rm_plan_seed(&simulated->planned.plan, cell->id, 0),
		.counters = counters,
	};
	json_t *request_json;
	int failed;

	json_object_set_new(counters, "backend", json_string("sim"));
	request_json = rm_request_to_json(&request);
	json_decref(counters);
	if (!request_json)
		return rm_error_set(error, RM_INCOMPLETE, "out of memory");
	failed = rm_launch(&launch, request_json, &outcome, error);
	json_decref(request_json);
	failed = failed ? RM_INCOMPLETE
	                : take_result(&outcome, cell, result, error);
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
