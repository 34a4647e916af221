/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.c - `readmostly dev timeline`: one trial, and what the map did inside
   as a time line for Perfetto. */
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_CELL = 256 };

struct arguments {
	struct rm_wish wish;
	const char *cell; /* part of its id, or NULL: the first */
	const char *out;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "where the time line goes (timeline.json)",
	        0 },
	{ "cell", OPTION_CELL, "PART", 0,
	        "the first cell whose id has this in it (`readmostly plan "
	        "--cells` prints ids)",
	        0 },
	{ 0 }
};

/* One file: a time line is of one trial, and events are kept per process.
   The type is argp's. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->wish;
		return 0;
	case 'o':
		arguments->out = text;
		return 0;
	case OPTION_CELL:
		arguments->cell = text;
		return 0;
	case ARGP_KEY_SUCCESS:
		if (!arguments->wish.file_count)
			argp_error(state, "expected a workload file");
		else if (arguments->wish.file_count > 1)
			argp_error(state, "\"%s\": expected one file",
			        arguments->wish.files[1]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "FILE",
	"Runs one cell of a workload once, in the map's program that counts "
	"inside (flavour stats), and writes a time line of what the map did: "
	"growth, evacuation, promotion, rebuild, reclamation, waits. Prints "
	"how "
	"often and how long each was and, for an open loop (loop = paced), the "
	"longest operations with what overlapped them.\vFILE is "
	"a workload (docs/reference/workload-file.md). Open the time line in "
	"Perfetto or "
	"chrome://tracing. What is instrumented is not timed: use it to see "
	"what happens, not how fast. Status: 0 written; 1 the trial failed; 2 "
	"usage or input; 3 the time line could not be written.",
	rm_wish_children, NULL, NULL };

/* The cell to run: one that this machine runs, and of which one can tell
   causes. NULL: none. */
static struct rm_cell *choose(struct rm_plan *plan, const char *part)
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

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* The statistic NAME + `suffix`: what it counted since the trial's start. */
static double stat_of(
        const json_t *result, const char *name, const char *suffix)
{
	const json_t *stats = json_object_get(result, "stats"), *stat;
	char wanted[80];
	size_t i;

	snprintf(wanted, sizeof(wanted), "%s%s", name, suffix);
	json_array_foreach (stats, i, stat)
		if (!strcmp(json_string_value(json_object_get(stat, "name")),
		            wanted))
			return number_of(stat, "value");
	return 0;
}

/* How often the map did what, and how long it took. */
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
		        number_of(stat, "value") > 0)
			printf("%-12s %10.0f %14.1f %20.1f\n", name + 6,
			        number_of(stat, "value"),
			        stat_of(result, name, "_ns") / 1e3,
			        stat_of(result, name, "_max_ns") / 1e3);
	}
}

/* The longest operations of an open loop, with what overlapped them. */
static void print_longest(const json_t *result)
{
	const json_t *all = json_object_get(result, "longest"), *one;
	size_t i;

	if (json_array_size(all))
		printf("%12s %8s %6s %12s  %s\n", "longest, us", "what",
		        "thread", "at, ms", "meanwhile");
	json_array_foreach (all, i, one) {
		const json_t *causes = json_object_get(one, "causes");

		printf("%12.1f %8s %6.0f %12.3f ",
		        number_of(one, "service_ns") / 1e3,
		        json_string_value(json_object_get(one, "operation")),
		        number_of(one, "slot"), number_of(one, "at_ns") / 1e6);
		for (size_t c = 0; c < json_array_size(causes); c++) {
			const json_t *cause = json_array_get(causes, c);

			printf(" %s %.1f us (thread %.0f)",
			        json_string_value(
			                json_object_get(cause, "event")),
			        number_of(cause, "overlap_ns") / 1e3,
			        number_of(cause, "slot"));
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
	int ended;

	cell->measure = RM_MEASURE_CAUSES;
	rm_cell_name(cell);
	request.cell = *cell;
	ended = rm_ask_program(&request, words, &result, &error);
	if (ended) {
		rm_complain("timeline", &error, ended);
	} else if (!strcmp(rm_json_text(result, "status"), "failed")) {
		/* void: fit for no statistics, yet what happened has happened */
		fprintf(stderr, "readmostly dev timeline: %s: %s\n", cell->id,
		        rm_json_text(result, "reason"));
		ended = RM_FAILED;
	} else {
		print_pauses(result);
		print_longest(result);
		printf("%s\n%s: open it in Perfetto\n", cell->id, out);
	}
	json_decref(request.counters);
	json_decref(result);
	return ended;
}

int rm_cli_timeline(int argc, char **argv)
{
	struct arguments arguments = { .out = "timeline.json" };
	struct rm_planned planned = { 0 };
	struct rm_error error = { "" };
	struct rm_cell *cell = NULL;
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
		return RM_FAILED;
	status = rm_planned_load(&arguments.wish, &planned, &error);
	if (!status)
		cell = choose(&planned.plan, arguments.cell);
	if (!status && !cell)
		status = rm_error_set(&error, RM_USAGE,
		        "no cell can be traced: see `readmostly plan --cells`");
	if (cell)
		status = run(arguments.out, &planned.plan, cell);
	else
		rm_complain("timeline", &error, status);
	rm_planned_clear(&planned);
	rm_wish_clear(&arguments.wish);
	return status;
}
