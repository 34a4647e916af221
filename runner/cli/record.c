/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/cli/record.h"

#include "runner/plan/inputs.h"
#include "runner/plan/plan.h"
#include "runner/plan/topology.h"
#include "runner/trace/record.h"
#include "runner/trial/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text ? text : "";
}

static uint64_t number_of(const json_t *json, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(json, member));
}

int rm_trace_report(
        const char *verb, const struct rm_cell *cell, const json_t *result)
{
	const json_t *trace = json_object_get(result, "trace");
	double seconds = (double)number_of(result, "elapsed_ns") / 1e9;

	if (trace)
		printf("%s %" PRIu64 " operations on %s, %u thread%s, %.3f s\n"
		       "keys %" PRIu64 "\ndigest %s\n",
		        verb,
		        number_of(trace, "operations") *
		                number_of(trace, "passes"),
		        cell->map, cell->threads, cell->threads > 1 ? "s" : "",
		        seconds, number_of(result, "keys_after"),
		        text_of(trace, "digest"));
	if (!strcmp(text_of(result, "status"), "ok"))
		return RM_OK;
	fprintf(stderr, "readmostly replay: %s: %s\n",
	        text_of(result, "status"), text_of(result, "reason"));
	/* void: the answers are right, but it was no measurement */
	return strcmp(text_of(result, "status"), "void") ? RM_FAILED : RM_OK;
}

/* The one cell to record, or NULL with `error`. */
static const struct rm_cell *choose(
        const struct rm_plan *plan, struct rm_error *error)
{
	const struct rm_cell *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (cell->measure != RM_MEASURE_THROUGHPUT)
			continue;
		found = cell;
		count++;
	}
	if (count != 1)
		rm_error_set(error, -EINVAL,
		        "%zu cells of a closed loop, expected one: choose with "
		        "--set",
		        count);
	else if (found->skip[0])
		rm_error_set(error, -EINVAL, "%s", found->skip);
	else if (found->trace[0])
		rm_error_set(error, -EINVAL,
		        "a trace would be recorded from a trace, expected "
		        "another workload");
	return error->text[0] ? NULL : found;
}

static int write_record(const struct rm_trace_recording *recording,
        const struct rm_recorder *recorder, uint64_t resident,
        struct rm_error *error)
{
	FILE *out = fopen(recording->file, "wb");
	int failed = out ? rm_recorder_write(recorder, resident,
	                           recording->binary, out, error)
	                 : -errno;

	if (out && fclose(out) && !failed)
		failed = -errno;
	if (failed)
		rm_error_set(error, failed, "%s: %s", recording->file,
		        strerror(-failed));
	return failed;
}

static int record(const struct rm_trace_recording *recording,
        const struct rm_cell *cell, struct rm_error *error)
{
	struct rm_request request = { .cell = *cell,
		.seed = recording->seed,
		.counters = json_pack("{s:s}", "backend", "none"),
		.recorder = rm_recorder_create(UINT32_MAX) };
	json_t *result = NULL;
	int status = RM_FAILED;

	/* only the window is recorded: it must begin with the prefill */
	request.cell.warm_up_ns = 0;
	if (request.recorder)
		result = rm_trial_run(&request);
	if (result)
		status = rm_trace_report("recorded", cell, result);
	if (status == RM_OK &&
	        write_record(recording, request.recorder, cell->keys, error))
		status = RM_INCOMPLETE;
	json_decref(result);
	json_decref(request.counters);
	rm_recorder_destroy(request.recorder);
	return status;
}

int rm_trace_record(const struct rm_trace_recording *recording)
{
	struct rm_plan_options options = { .seed = recording->seed,
		.maps = recording->map };
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	struct rm_inputs inputs;
	struct rm_plan plan = { 0 };
	const struct rm_cell *cell = NULL;
	int status = RM_USAGE;

	if (!rm_inputs_load(&recording->workload, 1, NULL, recording->sets,
	            recording->set_count, &inputs, &error) &&
	        !rm_topology_load(NULL, &topology, &error) &&
	        !rm_plan_build(inputs.workloads, 1, &topology, &options, &plan,
	                &error))
		cell = choose(&plan, &error);
	if (cell)
		status = record(recording, cell, &error);
	if (error.text[0])
		fprintf(stderr, "readmostly replay: %s\n", error.text);
	rm_plan_free(&plan);
	rm_topology_free(&topology);
	rm_inputs_clear(&inputs);
	return status;
}
