/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - `readmostly plan`: what would run, and how long. Runs nothing. */
#include "runner/plan/plan.h"
#include "runner/base/error.h"
#include "runner/campaign/simulator.h"
#include "runner/cli/cli.h"
#include "runner/plan/inputs.h"
#include "runner/plan/number.h"
#include "runner/plan/topology.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_JSON = 256,
	OPTION_SET,
	OPTION_SEED,
	OPTION_MAPS,
	OPTION_MODE,
	OPTION_CELLS
};

struct arguments {
	char **files; /* the rest of argv */
	size_t file_count;
	char **sets; /* room for argc */
	size_t set_count;
	const char *mode;
	bool json, cells;
	struct rm_plan_options options;
};

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "the workloads of workloads/modes/NAME.conf: smoke, quick, "
	        "standard or full",
	        0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "as if this were the last line of each file; repeatable", 0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "only these maps: ids, globs, ~glob removes", 0 },
	{ "seed", OPTION_SEED, "N", 0, "of the order and the trials (1)", 0 },
	{ "cells", OPTION_CELLS, NULL, 0, "one line for each cell", 0 },
	{ "json", OPTION_JSON, NULL, 0, "the plan as campaign.json has it", 0 },
	{ 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_MODE:
		arguments->mode = text;
		return 0;
	case OPTION_SET:
		arguments->sets[arguments->set_count++] = text;
		return 0;
	case OPTION_MAPS:
		arguments->options.maps = text;
		return 0;
	case OPTION_SEED:
		if (rm_number_count(text, &arguments->options.seed))
			argp_error(state,
			        "--seed \"%s\": expected a number from 0 to "
			        "2^53",
			        text);
		return 0;
	case OPTION_CELLS:
		arguments->cells = true;
		return 0;
	case OPTION_JSON:
		arguments->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->file_count = (size_t)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "FILE...",
	"Says what a workload or a mode would run on this machine, and how "
	"long. Runs nothing.\vFILE is a workload (docs/adding-a-workload.md). "
	"Status: 0, or 2 where the plan is impossible as written.",
	NULL, NULL, NULL };

static void print_time(uint64_t time_ns)
{
	double seconds = (double)time_ns / 1e9;

	if (seconds < 120)
		printf("%.1f s", seconds);
	else if (seconds < 7200)
		printf("%.1f min", seconds / 60);
	else
		printf("%.1f h", seconds / 3600);
}

/* One line of the table: what a workload does under one measure. */
struct row {
	const char *workload;
	enum rm_measure measure;
	size_t cells, trials, skipped;
	uint64_t estimate_ns, memory_bytes;
};

static void add_up(const struct rm_plan *plan, struct row *row)
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
		row->trials += planned->cell.blocks;
		row->estimate_ns += planned->estimate_ns * planned->cell.blocks;
		if (planned->memory_bytes > row->memory_bytes)
			row->memory_bytes = planned->memory_bytes;
	}
}

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

			add_up(plan, &row);
			if (row.cells + row.skipped == 0)
				continue;
			printf("%-24s %-10s %7zu %7zu %8zu %8.0f  ",
			        row.workload, rm_measure_name(row.measure),
			        row.cells, row.skipped, row.trials,
			        (double)row.memory_bytes / (1 << 20));
			print_time(row.estimate_ns);
			putchar('\n');
		}
}

/* Each reason once, with the number of cells that it keeps from running. */
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
}

static void print_cells(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_plan_cell *planned = &plan->cells[i];

		printf("%s: ", planned->cell.id);
		if (planned->cell.skip[0]) {
			printf("not run: %s\n", planned->cell.skip);
			continue;
		}
		printf("%u x ", planned->cell.blocks);
		print_time(planned->estimate_ns);
		putchar('\n');
	}
	for (size_t i = 0; i < plan->same_count; i++)
		printf("%s: the same here as %s\n", plan->same[i].id,
		        plan->cells[plan->same[i].cell].cell.id);
}

static void print_plan(const struct rm_plan *plan,
        const struct rm_inputs *inputs, const struct rm_topology *topology,
        bool cells)
{
	if (cells)
		print_cells(plan);
	print_table(plan, inputs);
	print_skipped(plan);
	if (plan->same_count)
		printf("%zu cells equal another on this machine and run once "
		       "(--cells names them)\n",
		        plan->same_count);
	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.measure == RM_MEASURE_COUNTERS) {
			printf("counters cells run where `readmostly counters` "
			       "finds a back end, else they are planned "
			       "skips\n");
			break;
		}
	if (topology->note[0])
		printf("%s\n", topology->note);
	printf("%u CPUs, %u cores, %u sockets, %u NUMA nodes%s\n",
	        topology->cpus, topology->cores, topology->sockets,
	        topology->nodes,
	        topology->this_machine ? "" : " (not this machine)");
	printf("%zu trials in %u blocks, about ", plan->trial_count,
	        plan->block_count);
	print_time(plan->estimate_ns);
	if (inputs->budget_ns) {
		printf(" of a budget of ");
		print_time(inputs->budget_ns);
	}
	putchar('\n');
}

static int print_json(const struct rm_plan *plan)
{
	json_t *json = rm_plan_to_json(plan);
	int failed = !json || json_dumpf(json, stdout, JSON_INDENT(1));

	json_decref(json);
	return failed || putchar('\n') == EOF;
}

static int plan_and_print(struct arguments *arguments, struct rm_inputs *inputs)
{
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	struct rm_plan plan = { 0 };
	int status = RM_OK;

	if (rm_topology_load(NULL, &topology, &error) ||
	        rm_plan_build(inputs->workloads, inputs->workload_count,
	                &topology, &arguments->options, &plan, &error)) {
		fprintf(stderr, "readmostly plan: %s\n", error.text);
		status = RM_USAGE;
	} else if (!arguments->json) {
		print_plan(&plan, inputs, &topology, arguments->cells);
	} else if (print_json(&plan)) {
		fprintf(stderr, "readmostly plan: output not written\n");
		status = RM_INCOMPLETE;
	}
	rm_plan_free(&plan);
	rm_topology_free(&topology);
	return status;
}

int rm_cli_plan(int argc, char **argv)
{
	struct arguments arguments = {
		.sets = calloc((size_t)argc, sizeof(char *)),
		.options = { .seed = 1 },
	};
	struct rm_simulator simulator;
	struct rm_error error = { "" };
	struct rm_inputs inputs;
	int status;

	if (!arguments.sets)
		return RM_FAILED;
	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (rm_inputs_load(arguments.files, arguments.file_count,
	            arguments.mode, arguments.sets, arguments.set_count,
	            &inputs, &error)) {
		fprintf(stderr, "readmostly plan: %s\n", error.text);
		status = RM_USAGE;
	} else {
		rm_simulator_ask(&simulator);
		arguments.options.can_simulate = rm_simulator_can;
		arguments.options.simulator = &simulator;
		status = plan_and_print(&arguments, &inputs);
		free(simulator.text);
	}
	rm_inputs_clear(&inputs);
	free(arguments.sets);
	return status;
}
