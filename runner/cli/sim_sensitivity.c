/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_sensitivity.c - `readmostly sim-sensitivity`: the band that a simulated
 * count may lie in, as nobody knows the model's guessed costs.
 */
#include "runner/cli/cli.h"
#include "runner/cli/simulated.h"
#include "runner/sim/mach.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 256, NAME_BYTES = 64 };

static const char *const metrics[] = { "l1d_misses", "coherence_misses",
	"invalidations" };
enum { METRICS = sizeof(metrics) / sizeof(*metrics) };

struct wish {
	struct rm_simulated simulated;
	bool json, quiet;
};

/* The least and the most of a metric, and which set of costs gave it. */
struct band {
	double described, low, high;
	char low_by[NAME_BYTES], high_by[NAME_BYTES];
};

struct bands {
	struct band of[METRICS];
	unsigned sets;
};

static const struct argp_option options[] = { { "json", OPTION_JSON, NULL, 0,
	                                              "the bands as JSON", 0 },
	{ "quiet", 'q', NULL, 0, "no progress", 0 }, { 0 } };

/* The type is argp's. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct wish *wish = state->input;

	(void)text;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &wish->simulated;
		return 0;
	case OPTION_JSON:
		wish->json = true;
		return 0;
	case 'q':
		wish->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void widen(struct bands *bands, const json_t *result, const char *by)
{
	for (unsigned i = 0; i < METRICS; i++) {
		double value = rm_simulated_per_op(result, metrics[i]);
		struct band *band = &bands->of[i];

		if (bands->sets == 0) {
			band->described = band->low = band->high = value;
			snprintf(band->low_by, NAME_BYTES, "%s", by);
			snprintf(band->high_by, NAME_BYTES, "%s", by);
		}
		if (value < band->low) {
			band->low = value;
			snprintf(band->low_by, NAME_BYTES, "%s", by);
		}
		if (value > band->high) {
			band->high = value;
			snprintf(band->high_by, NAME_BYTES, "%s", by);
		}
	}
	bands->sets++;
}

/* One set of costs: the description's, with one of them replaced. */
static int try_set(const struct wish *wish, const struct rm_cell *cell,
        const char *name, uint32_t cycles, struct bands *bands,
        struct rm_error *error)
{
	char by[NAME_BYTES] = "as described";
	json_t *result = NULL, *costs = json_object();
	int status;

	if (name) {
		json_object_set_new(costs, name, json_integer(cycles));
		snprintf(by, sizeof(by), "%s %u", name, cycles);
	}
	if (!wish->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s, %u cores: %s", cell->map,
		        cell->threads, by);
	status = rm_simulated_run(&wish->simulated, cell,
	        json_pack("{s:o}", "costs", costs), &result, error);
	if (!status)
		widen(bands, result, by);
	json_decref(result);
	return status;
}

/* Every guess at both ends of its range, the others as described. */
static int try_all(const struct wish *wish, const struct rm_cell *cell,
        struct bands *bands, struct rm_error *error)
{
	struct rm_sim_mach mach;
	int status;

	if (rm_sim_mach_find(cell->model, &mach, error))
		return RM_USAGE;
	status = try_set(wish, cell, NULL, 0, bands, error);
	for (unsigned i = 0; i < RM_SIM_COSTS && !status; i++) {
		const struct rm_sim_cycles *cost = &mach.cost[i];

		if (!cost->guess)
			continue;
		status = try_set(wish, cell, rm_sim_cost_name[i], cost->low,
		        bands, error);
		if (!status)
			status = try_set(wish, cell, rm_sim_cost_name[i],
			        cost->high, bands, error);
	}
	if (!wish->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return status;
}

static void print_bands(const struct rm_cell *cell, const struct bands *bands)
{
	printf("SIMULATED %s: %s, %u %s, per operation over %u sets of costs\n",
	        cell->model, cell->map, cell->threads,
	        cell->threads == 1 ? "core" : "cores", bands->sets);
	for (unsigned i = 0; i < METRICS; i++) {
		const struct band *band = &bands->of[i];

		printf("  %-18s %8.4f as described; %8.4f (%s) to %8.4f (%s)\n",
		        metrics[i], band->described, band->low, band->low_by,
		        band->high, band->high_by);
	}
}

static json_t *bands_json(const struct rm_cell *cell, const struct bands *bands)
{
	json_t *of = json_object();

	for (unsigned i = 0; i < METRICS; i++) {
		const struct band *band = &bands->of[i];

		json_object_set_new(of, metrics[i],
		        json_pack("{s:f, s:f, s:f, s:s, s:s}", "described",
		                band->described, "low", band->low, "high",
		                band->high, "low_by", band->low_by, "high_by",
		                band->high_by));
	}
	return json_pack("{s:s, s:s, s:i, s:o}", "cell", cell->id, "unit",
	        "1/operation", "sets", (int)bands->sets, "bands", of);
}

static int run(struct wish *wish, struct rm_error *error)
{
	const struct rm_cell *cell;
	json_t *all = json_array();
	int status = rm_simulated_open(&wish->simulated, error);

	for (size_t at = 0;
	        !status && (cell = rm_simulated_next(&wish->simulated, &at));) {
		struct bands bands = { .sets = 0 };

		status = try_all(wish, cell, &bands, error);
		if (!status && wish->json)
			json_array_append_new(all, bands_json(cell, &bands));
		else if (!status)
			print_bands(cell, &bands);
	}
	if (wish->json && !status) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(all);
	return status;
}

int rm_cli_sim_sensitivity(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &rm_simulated_argp, 0, NULL, 0 }, { 0 }
	};
	static const struct argp argp = { options, parse, "[FILE...]",
		"How far simulated counts depend on what nobody measured: each "
		"guessed cost of the machine's description at both ends of its "
		"range, one at a time. FILE is a workload with measure = "
		"simulated:MODEL (workloads/simulated-97-3.conf).\v"
		"Example: readmostly sim-sensitivity --maps gomap_rw "
		"--set threads=16\nStatus: 0; 1 a trial failed; 2 usage.",
		children, NULL, NULL };
	struct wish wish = { .json = false };
	struct rm_error error = { "" };
	int status;

	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &wish);
	status = run(&wish, &error);
	if (status)
		fprintf(stderr, "readmostly sim-sensitivity: %s\n", error.text);
	rm_simulated_clear(&wish.simulated);
	return status;
}
