/* SPDX-License-Identifier: Apache-2.0 */
/* sim_top.c - `readmostly dev sim-top`: prints the most contended cache lines
   of a simulation, with their writers and readers. The counts are exact, and
   need no hardware counters. */
#include "runner/base/capture.h"
#include "runner/cli/cli.h"
#include "runner/cli/simulated.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = 256, LINES_MAX = 1000, LINES = 12, SITE_BYTES = 96 };

struct top {
	struct rm_simulated simulated;
	uint64_t lines;
};

static const struct argp_option options[] = {
	{ "lines", 'n', "N", 0, "number of lines and sites to print (12)", 0 },
	{ "json", OPTION_JSON, NULL, 0, "print the trials' results as JSON",
	        0 },
	{ 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct top *top = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &top->simulated.arguments;
		return 0;
	case 'n':
		top->lines =
		        rm_argument_number(state, "lines", text, 1, LINES_MAX);
		return 0;
	case OPTION_JSON:
		top->simulated.json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Converts a program counter to "function file:line" with addr2line, or to its
   offset. `site` is a return address, which may belong to the next source line.
   So it looks up the byte before it, which belongs to the call. */
static void name_site(const char *map, json_int_t site, char *text)
{
	char path[RM_PROGRAM_BYTES], tool[] = "addr2line", flags[] = "-fse";
	char offset[24], *output = NULL;
	char *argv[] = { tool, flags, path, offset, NULL };
	int function, place;

	rm_map_program("sim", map, path);
	snprintf(text, SITE_BYTES, "0x%" PRIx64, (uint64_t)site);
	snprintf(offset, sizeof(offset), "0x%" PRIx64, (uint64_t)site - 1);
	if (!site || rm_capture(argv, &output))
		return;
	function = (int)strcspn(output, "\n");
	place = (int)strcspn(
	        output + function + (output[function] == '\n'), "\n ");
	if (output[0] != '?')
		snprintf(text, SITE_BYTES, "%.*s %.*s", function, output, place,
		        output + function + 1);
	free(output);
}

static double number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* Prints at most two sites per cache line, since each name needs a process
   (addr2line). --json prints all sites. */
static void print_lines(const char *map, const json_t *lines, double ops)
{
	printf("%12s  %-20s %9s %9s %6s %7s %7s  %s\n", "line", "region",
	        "misses/op", "lost/op", "false", "readers", "writers", "sites");
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		const json_t *sites = json_object_get(line, "sites");
		double lost = number(line, "invalidations");
		double false_lost = number(line, "false_invalidations");

		printf("%#12" PRIx64 "  %-20.20s %9.4f %9.4f %5.0f%% %7.0f "
		       "%7.0f ",
		        (uint64_t)number(line, "line"),
		        json_string_value(json_object_get(line, "region")),
		        number(line, "misses") / ops, lost / ops,
		        lost > 0 ? 100 * false_lost / lost : 0,
		        number(line, "readers"), number(line, "writers"));
		for (size_t s = 0; s < json_array_size(sites) && s < 2; s++) {
			char text[SITE_BYTES];

			name_site(map,
			        (json_int_t)number(
			                json_array_get(sites, s), "site"),
			        text);
			printf("%s %s", s ? "," : "", text);
		}
		putchar('\n');
	}
}

static void print_sites(const char *map, const json_t *sites, double ops)
{
	printf("%12s %12s %12s %12s  %s\n", "misses/op", "coherence/op",
	        "upgrades/op", "caused/op", "site");
	for (size_t i = 0; i < json_array_size(sites); i++) {
		const json_t *site = json_array_get(sites, i);
		char text[SITE_BYTES];

		name_site(map, (json_int_t)number(site, "site"), text);
		printf("%12.4f %12.4f %12.4f %12.4f  %s\n",
		        number(site, "misses") / ops,
		        number(site, "coherence_misses") / ops,
		        number(site, "upgrades") / ops,
		        number(site, "invalidations") / ops, text);
	}
}

/* Prints counts per operation, so that cells with windows of different length
   can be compared. The word SIMULATED distinguishes these counts from measured
   ones. */
static void print_cell(const struct rm_cell *cell, const json_t *result)
{
	const json_t *counters = json_object_get(result, "counters");
	double ops = number(result, "ops");

	printf("SIMULATED %s: %s, %u %s, %llu keys, %.0f operations\n"
	       "per operation: %.2f lines touched, %.4f L1d misses (%.4f for "
	       "coherence), %.4f lines lost to others (%.4f by false "
	       "sharing)\n\n",
	        cell->model, cell->map, cell->threads,
	        cell->threads == 1 ? "core" : "cores",
	        (unsigned long long)cell->keys, ops,
	        rm_simulated_per_op(result, "operation_lines"),
	        rm_simulated_per_op(result, "l1d_misses"),
	        rm_simulated_per_op(result, "coherence_misses"),
	        rm_simulated_per_op(result, "invalidations"),
	        rm_simulated_per_op(result, "false_sharing_invalidations"));
	print_lines(cell->map, json_object_get(counters, "lines"), ops);
	putchar('\n');
	print_sites(cell->map, json_object_get(counters, "sites"), ops);
	putchar('\n');
}

static int run_cell(struct rm_simulated *simulated, const struct rm_cell *cell,
        json_t *list, struct rm_error *error)
{
	const struct top *top = (const struct top *)simulated;
	json_t *result = NULL;
	int status = rm_simulated_run(simulated, cell,
	        json_pack("{s:I}", "watch", (json_int_t)top->lines), &result,
	        error);

	if (!status &&
	        !json_object_get(json_object_get(result, "counters"), "lines"))
		status = rm_error_set(error, RM_INCOMPLETE, "%s: %s", cell->id,
		        json_string_value(
		                json_object_get(result, "counters_reason")));
	if (!status && simulated->json)
		json_array_append(list, result);
	else if (!status)
		print_cell(cell, result);
	json_decref(result);
	return status;
}

int rm_cli_sim_top(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE...]",
		"Prints the cache lines that cores take from each other most, "
		"on the simulated machine: region, sharers, source lines. FILE "
		"is a workload with measure = simulated:MODEL "
		"(workloads/simulated-97-3.conf).\v"
		"Example: readmostly dev sim-top --maps gomap_rw --set "
		"threads=16\n"
		"lost/op: copies invalidated by another core's write; false: "
		"share of them in which the losing core did not use the "
		"written bytes. Counts are of a model "
		"(docs/method/simulator.md). Status: 0; 1 a trial failed; 2 "
		"usage.",
		rm_plan_children, NULL, NULL };
	struct top top = { .simulated = { .cell = run_cell }, .lines = LINES };

	return rm_simulated_main(argc, argv, &argp, &top.simulated);
}
