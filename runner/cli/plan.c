/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - `readmostly plan`: prints cells, trials and the estimated time,
   without running trials. */
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/counters/counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTION_JSON = 256,
	OPTION_MODE,
	OPTION_CELLS,
	OPTION_CELLS_FROM,
	OPTION_REQUESTS
};

struct arguments {
	struct rm_plan_arguments plan;
	bool json, cells, requests;
};

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "the workloads of workloads/modes/NAME.conf: smoke, quick, "
	        "standard or full; with --set NAME, the set's mode (default: "
	        "quick)",
	        0 },
	{ "cells", OPTION_CELLS, NULL, 0,
	        "also print one line for each cell, and draw each placement of "
	        "threads on the machine",
	        0 },
	{ "cells-from", OPTION_CELLS_FROM, "FILE", 0,
	        "only the cells with the ids in FILE, one per line", 0 },
	{ "json", OPTION_JSON, NULL, 0,
	        "print the plan as JSON, as in campaign.json", 0 },
	{ "requests", OPTION_REQUESTS, NULL, 0,
	        "print the request of each cell's first trial, one per line; "
	        "run "
	        "one by: readmostly dev trial <LINE "
	        "(docs/reference/trial-protocol.md)",
	        0 },
	{ 0 }
};

/* Leaves FILE... to the child parser rm_plan_children, which all commands with
   a plan use. argp fixes the type.
   NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->plan;
		return 0;
	case OPTION_MODE:
		arguments->plan.mode = text;
		return 0;
	case OPTION_CELLS:
		arguments->cells = true;
		return 0;
	case OPTION_CELLS_FROM:
		arguments->plan.cells_from = text;
		return 0;
	case OPTION_JSON:
		arguments->json = true;
		return 0;
	case OPTION_REQUESTS:
		arguments->requests = true;
		return 0;
	case ARGP_KEY_SUCCESS:
		if (arguments->json + arguments->requests + arguments->cells >
		        1)
			argp_error(state, "--json, --requests and --cells: "
			                  "expected only one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "FILE...",
	"Prints what a workload or a mode would run on this machine, and how "
	"long. Runs nothing.\vFILE is a workload "
	"(docs/reference/workload-file.md). Status: 0; 2 the plan is "
	"impossible as written; 3 it skips all cells that measure.",
	rm_plan_children, NULL, NULL };

/* A line of the table: all cells of one workload that have the same measure. */
struct row {
	const char *workload;
	enum rm_measure measure;
	size_t cells, trials, skipped;
	uint64_t estimate_ns, memory_bytes;
};

static void sum_cells(const struct rm_plan *plan, struct row *row)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_plan_cell *planned = &plan->cells[i];

		if (planned->cell.measure != row->measure ||
		        strcmp(planned->cell.workload, row->workload))
			continue;
		if (planned->cell.skip[0]) {
			row->skipped++;
			continue;
		}
		row->cells++;
		size_t trials =
		        planned->cell.blocks * rm_plan_trials(&planned->cell);

		row->trials += trials;
		row->estimate_ns += planned->estimate_ns * trials;
		if (planned->memory_bytes > row->memory_bytes)
			row->memory_bytes = planned->memory_bytes;
	}
}

/* Prints one row for each workload and measure, since users leave out whole
   workloads or measures to save time. Times are sums. The column MiB is the
   maximum memory of one trial, since trials run one after another. */
static void print_table(
        const struct rm_plan *plan, const struct rm_inputs *inputs)
{
	printf("%-24s %-10s %7s %7s %8s %8s  %s\n", "workload", "measure",
	        "cells", "not run", "trials", "MiB", "time");
	for (size_t i = 0; i < inputs->workload_count; i++)
		for (int m = RM_MEASURE_VERIFY; m < RM_MEASURES; m++) {
			struct row row = {
				.workload = inputs->workloads[i].name,
				.measure = (enum rm_measure)m,
			};

			sum_cells(plan, &row);
			if (row.cells + row.skipped == 0)
				continue;
			printf("%-24s %-10s %7zu %7zu %8zu %8.0f  ",
			        row.workload, rm_measure_name(row.measure),
			        row.cells, row.skipped, row.trials,
			        (double)row.memory_bytes / (1 << 20));
			rm_print_time(row.estimate_ns);
			putchar('\n');
		}
}

/* Prints each reason once, with the number of cells that it skips. The
   quadratic time is short for a few thousand cells. */
static void print_skipped(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		size_t count = 0;
		bool first = cell->skip[0];

		for (size_t j = 0; first && j < plan->cell_count; j++) {
			const struct rm_cell *other = &plan->cells[j].cell;

			if (strcmp(other->map, cell->map) ||
			        strcmp(other->skip, cell->skip))
				continue;
			first = j >= i;
			count++;
		}
		if (first)
			printf("not run: %s, %zu cells: %s\n", cell->map, count,
			        cell->skip);
	}
	if (plan->left_out[0])
		printf("left out for lack of NUMA nodes: placement %s\n",
		        plan->left_out);
}

static bool names_map(const struct rm_inputs *inputs, const char *map)
{
	for (size_t i = 0; i < inputs->workload_count; i++) {
		const struct rm_workload *workload = &inputs->workloads[i];

		for (unsigned j = 0; j < workload->count[RM_KEY_MAPS]; j++)
			if (!strcmp(workload->values[j].map, map))
				return true;
	}
	return false;
}

/* Prints the maps of a workload whose library is missing. "all" selects only
   maps that are built. */
static void print_not_built(
        const struct rm_inputs *inputs, const struct rm_catalog *catalog)
{
	for (size_t i = 0; i < catalog->name_count; i++) {
		const struct rm_map_name *map = &catalog->names[i];

		if (map->missing && names_map(inputs, map->id))
			printf("not run: %s: not built: needs %s (%s)\n",
			        map->id, map->needs, map->remedy);
	}
}

static void print_cells(
        const struct rm_plan *plan, const struct rm_topology *topology)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_plan_cell *planned = &plan->cells[i];

		printf("%s: ", planned->cell.id);
		if (planned->cell.skip[0]) {
			printf("not run: %s\n", planned->cell.skip);
			continue;
		}
		printf("%u x ", planned->cell.blocks);
		rm_print_time(planned->estimate_ns);
		putchar('\n');
	}
	for (size_t i = 0; i < plan->same_count; i++)
		printf("%s: on this machine the same as %s\n", plan->same[i].id,
		        plan->cells[plan->same[i].cell].cell.id);
	rm_print_places(plan, topology);
}

/* Prints the number of cells with an A/A control. Their trials run a second
   time with another program. */
static void print_controls(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (!cell->has_control)
			continue;
		printf("A/A control: %u more trials of %s, by maps/%s/%s, "
		       "about ",
		        cell->blocks, cell->id, RM_FLAVOUR_CONTROL, cell->map);
		rm_print_time(cell->blocks * plan->cells[i].estimate_ns);
		putchar('\n');
	}
}

/* Prints the workloads that request an A/A control although none of their cells
   can have one. */
static void print_missing_controls(
        const struct rm_plan *plan, const struct rm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->workload_count; i++) {
		const struct rm_workload *workload = &inputs->workloads[i];
		const char *map = workload->values[0].control;
		bool found = !workload->count[RM_KEY_CONTROL] ||
		             !strcmp(map, RM_NO_CONTROL);

		for (size_t j = 0; j < plan->cell_count && !found; j++)
			found = plan->cells[j].cell.has_control &&
			        !strcmp(plan->cells[j].cell.workload,
			                workload->name);
		if (!found)
			printf("A/A control: none in %s, because no cell "
			       "measures the throughput of %s with keys of 8 "
			       "or 16 bytes, values of 8 or 24 bytes, and a "
			       "CPU for each thread\n",
			        workload->name, map);
	}
}

/* Prints the maximum number of repeats. The estimate excludes repeats, since
   their number is unknown. */
static void print_repeats(const struct rm_plan *plan)
{
	unsigned repeat_limit = 0;
	double repeats = 0, time_ns = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		double share = fmin(cell->repeat_share, cell->repeat_most);
		double cell_repeats =
		        cell->skip[0]
		                ? 0
		                : share * cell->blocks * rm_plan_trials(cell);

		if (cell->repeat_most > repeat_limit)
			repeat_limit = cell->repeat_most;
		repeats += cell_repeats;
		time_ns += cell_repeats * (double)plan->cells[i].estimate_ns;
	}
	if (!repeat_limit)
		return;
	printf("; disturbed and void trials are repeated in addition, each at "
	       "most %u times, in total at most %.0f times (",
	        repeat_limit, rm_repeats_round_down(repeats));
	rm_print_time((uint64_t)time_ns);
	printf(" more)");
}

static void print_machine(const struct rm_topology *topology)
{
	char quota[RM_FINDING_TEXT];

	if (topology->note[0])
		printf("%s\n", topology->note);
	if (rm_quota_examine(topology, quota) != RM_FINDING_GOOD)
		printf("%s\n", quota);
	printf("%u CPUs, %u cores, %u sockets, %u NUMA nodes%s\n",
	        topology->cpus, topology->cores, topology->sockets,
	        topology->nodes,
	        topology->this_machine ? "" : " (not this machine)");
}

static void print_shortage(const struct rm_planned *planned)
{
	char text[RM_REASON_BYTES];

	if (rm_plan_lacks_blocks(&planned->plan, &planned->catalog, text))
		printf("%s\n", text);
}

/* For a mode, no back end is tested, since this takes up to 20 s. */
static void print_counters(const struct rm_planned *planned)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;
	size_t cells = 0;

	for (size_t i = 0; i < planned->plan.cell_count; i++)
		cells += planned->plan.cells[i].cell.measure ==
		                 RM_MEASURE_COUNTERS &&
		         !planned->plan.cells[i].cell.skip[0];
	if (!cells)
		return;
	if (planned->inputs.name[0] || !planned->topology.this_machine)
		printf("counters need a back end: readmostly env counters\n");
	else if (!rm_counters_select(
	                 "auto", &planned->topology, &choice, &chosen, &error))
		printf("counters: %s here: %zu cells will be %s\n",
		        rm_json_text(chosen, "backend"), cells,
		        rm_counters_set_count(chosen)
		                ? "counted"
		                : "skipped (readmostly env counters)");
	rm_counters_release(choice);
	json_decref(chosen);
}

static void print_plan(const struct rm_planned *planned, bool cells)
{
	const struct rm_plan *plan = &planned->plan;
	const struct rm_topology *topology = &planned->topology;
	uint64_t budget_ns = planned->inputs.budget_ns;
	unsigned rounds = plan->round_count;

	if (cells)
		print_cells(plan, topology);
	print_table(plan, &planned->inputs);
	print_skipped(plan);
	print_not_built(&planned->inputs, &planned->catalog);
	print_controls(plan);
	print_missing_controls(plan, &planned->inputs);
	if (plan->same_count)
		printf("%zu cells equal another on this machine and run once "
		       "(--cells lists them)\n",
		        plan->same_count);
	print_counters(planned);
	rm_print_shared_cpus(plan);
	print_shortage(planned);
	print_machine(topology);
	/* skip the rounds at the end: their cells wait for a limit */
	while (rounds &&
	        plan->cells[plan->rounds[rounds - 1].turns[0].cell].waits)
		rounds--;
	printf("%zu trials in %u rounds, about ", plan->trial_count, rounds);
	rm_print_time(plan->estimate_ns);
	if (budget_ns) {
		printf(" of a budget of ");
		rm_print_time(budget_ns);
	}
	print_repeats(plan);
	putchar('\n');
}

/* Prints the requests of the cells that can run here, without counters. */
static int print_requests(const struct rm_plan *plan)
{
	int status = 0;

	for (size_t i = 0; i < plan->cell_count && !status; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		struct rm_request request = { .cell = *cell,
			.seed = rm_plan_seed(plan, cell->id, 0) };
		json_t *json;

		if (cell->skip[0])
			continue;
		request.counters = json_pack("{s:s}", "backend", "none");
		json = rm_request_to_json(&request);
		status = rm_print_json(json, JSON_COMPACT);
		json_decref(json);
		json_decref(request.counters);
	}
	return status;
}

static int print(
        const struct arguments *arguments, const struct rm_planned *planned)
{
	struct rm_error error = { "standard output: not written completely" };
	json_t *json;
	int status;

	if (arguments->requests) {
		status = print_requests(&planned->plan);
		return status ? rm_print_error("plan", &error, status) : RM_OK;
	}
	if (!arguments->json) {
		print_plan(planned, arguments->cells);
		return RM_OK;
	}
	json = rm_plan_to_json(&planned->plan);
	status = rm_print_json(json, JSON_INDENT(1));
	json_decref(json);
	return status ? rm_print_error("plan", &error, status) : RM_OK;
}

int rm_cli_plan(int argc, char **argv)
{
	struct arguments arguments = { .json = false };
	struct rm_planned planned = { 0 };
	struct rm_error error = { "" };
	const char *nothing;
	int status;

	if (rm_argument_parse(&argp, argc, argv, &arguments))
		return RM_FAILED;
	status = rm_planned_load(&arguments.plan, &planned, &error);
	if (status) {
		rm_print_error("plan", &error, status);
		rm_print_missing_programs(&error, &planned.inputs,
		        &planned.catalog, arguments.plan.maps);
	} else {
		status = print(&arguments, &planned);
	}
	if (!status && (nothing = rm_plan_measures_nothing(&planned.plan))) {
		rm_error_set(&error, -ENOENT,
		        "every cell that measures is skipped: %.400s", nothing);
		status = rm_print_error("plan", &error, RM_INCOMPLETE);
	}
	rm_planned_clear(&planned);
	rm_plan_arguments_clear(&arguments.plan);
	return status;
}
