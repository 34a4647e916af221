/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.c - `readmostly dev timeline`: runs one trial and writes the map's
   internal events as a time line for Perfetto. */
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_CELL = 256 };

struct arguments {
	struct rm_plan_arguments plan;
	const char *cell; /* part of a cell's id; NULL: choose the first cell */
	const char *out;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	        "write the time line to this file (timeline.json)", 0 },
	{ "cell", OPTION_CELL, "PART", 0,
	        "run the first cell whose id contains PART (`readmostly plan "
	        "--cells` prints ids)",
	        0 },
	{ 0 }
};

/* Parses an option. Only one file is allowed, since a time line covers one
   trial. argp fixes the type.
   NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->plan;
		return 0;
	case 'o':
		arguments->out = text;
		return 0;
	case OPTION_CELL:
		arguments->cell = text;
		return 0;
	case ARGP_KEY_SUCCESS:
		if (!arguments->plan.file_count)
			argp_error(state, "expected a workload file");
		else if (arguments->plan.file_count > 1)
			argp_error(state, "\"%s\": expected one file",
			        arguments->plan.files[1]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "FILE",
	"Runs one cell of a workload once, by the map's program with "
	"statistics (flavour stats), and writes a time line of the map's "
	"internal work: growth, evacuation, promotion, rebuild, reclamation, "
	"waits. Prints count and duration of each. For an open loop (loop = "
	"paced), also prints the longest operations and the work that "
	"overlapped them.\v"
	"FILE is a workload (docs/reference/workload-file.md). Open the time "
	"line in Perfetto or chrome://tracing. Statistics change the timing: "
	"use it to see what happens, not how fast. Status: 0 written; 1 the "
	"trial failed; 2 usage or input; 3 the time line could not be written.",
	rm_plan_children, NULL, NULL };

/* Returns the first cell that this machine can run and that is neither a
   verification nor simulated. NULL: no such cell. */
static struct rm_cell *choose_cell(struct rm_plan *plan, const char *part)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		struct rm_cell *cell = &plan->cells[i].cell;

		if (cell->measure != RM_MEASURE_VERIFY &&
		        cell->measure != RM_MEASURE_SIMULATED &&
		        !cell->skip[0] && (!part || strstr(cell->id, part)))
			return cell;
	}
	return NULL;
}

static double member_number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* Returns the statistic NAME + `suffix`, counted since the start of the
   trial. */
static double stat_value(
        const json_t *result, const char *name, const char *suffix)
{
	const json_t *stats = json_object_get(result, "stats"), *stat;
	char wanted[80];
	size_t i;

	snprintf(wanted, sizeof(wanted), "%s%s", name, suffix);
	json_array_foreach (stats, i, stat)
		if (!strcmp(json_string_value(json_object_get(stat, "name")),
		            wanted))
			return member_number(stat, "value");
	return 0;
}

/* Prints the number and duration of each kind of internal work. */
static void print_pauses(const json_t *result)
{
	const json_t *stats = json_object_get(result, "stats"), *stat;
	size_t i;

	printf("%-12s %10s %14s %20s\n", "event", "times", "in all, us",
	        "longest in window, us");
	json_array_foreach (stats, i, stat) {
		const char *name =
		        json_string_value(json_object_get(stat, "name"));

		if (!strncmp(name, "pause_", 6) && !strstr(name, "_ns") &&
		        member_number(stat, "value") > 0)
			printf("%-12s %10.0f %14.1f %20.1f\n", name + 6,
			        member_number(stat, "value"),
			        stat_value(result, name, "_ns") / 1e3,
			        stat_value(result, name, "_max_ns") / 1e3);
	}
}

/* Prints the longest operations of an open loop, with the internal work that
   overlapped them. */
static void print_longest(const json_t *result)
{
	const json_t *all = json_object_get(result, "longest"), *operation;
	size_t i;

	if (json_array_size(all))
		printf("%12s %8s %6s %12s  %s\n", "longest, us", "what",
		        "thread", "at, ms", "meanwhile");
	json_array_foreach (all, i, operation) {
		const json_t *causes = json_object_get(operation, "causes");

		printf("%12.1f %8s %6.0f %12.3f ",
		        member_number(operation, "service_ns") / 1e3,
		        json_string_value(
		                json_object_get(operation, "operation")),
		        member_number(operation, "slot"),
		        member_number(operation, "at_ns") / 1e6);
		for (size_t c = 0; c < json_array_size(causes); c++) {
			const json_t *cause = json_array_get(causes, c);

			printf(" %s %.1f us (thread %.0f)",
			        json_string_value(
			                json_object_get(cause, "event")),
			        member_number(cause, "overlap_ns") / 1e3,
			        member_number(cause, "slot"));
		}
		putchar('\n');
	}
}

static int run(
        const char *out, const struct rm_plan *plan, struct rm_cell *cell)
{
	const char *const words[] = { "timeline", out, NULL };
	struct rm_request request = { .seed = rm_plan_seed(plan, cell->id, 0),
		.counters = json_pack("{s:s}", "backend", "none") };
	struct rm_error error = { "" };
	json_t *result;
	int status;

	cell->measure = RM_MEASURE_CAUSES;
	rm_cell_name(cell);
	request.cell = *cell;
	status = rm_program_run(&request, words, &result, &error);
	if (status) {
		rm_print_error("dev timeline", &error, status);
	} else if (!strcmp(rm_json_text(result, "status"), "failed")) {
		/* a void trial has invalid times, but valid events */
		fprintf(stderr, "readmostly dev timeline: %s: %s\n", cell->id,
		        rm_json_text(result, "reason"));
		status = RM_FAILED;
	} else {
		print_pauses(result);
		print_longest(result);
		printf("%s\n%s: open it in Perfetto\n", cell->id, out);
	}
	json_decref(request.counters);
	json_decref(result);
	return status;
}

int rm_cli_timeline(int argc, char **argv)
{
	struct arguments arguments = { .out = "timeline.json" };
	struct rm_planned planned = { 0 };
	struct rm_error error = { "" };
	struct rm_cell *cell = NULL;
	int status;

	if (rm_argument_parse(&argp, argc, argv, &arguments))
		return RM_FAILED;
	status = rm_planned_load(&arguments.plan, &planned, &error);
	if (!status)
		cell = choose_cell(&planned.plan, arguments.cell);
	if (!status && !cell)
		status = rm_error_set(&error, RM_USAGE,
		        "%s%.200s%sno cell can be traced: run `readmostly plan "
		        "--cells` to list cells",
		        arguments.cell ? "--cell " : "",
		        arguments.cell ? arguments.cell : "",
		        arguments.cell ? ": no cell contains this text, or "
		                       : "");
	if (cell)
		status = run(arguments.out, &planned.plan, cell);
	else
		rm_print_error("dev timeline", &error, status);
	rm_planned_clear(&planned);
	rm_plan_arguments_clear(&arguments.plan);
	return status;
}
