/* SPDX-License-Identifier: Apache-2.0 */
/* sim_sensitivity.c - `readmostly sim-sensitivity`: the band that a simulated
   count may lie in: nobody knows the guessed costs, and machines differ. */
#include "runner/base/rng.h"
#include "runner/cli/cli.h"
#include "runner/cli/sim_bands.h"
#include "runner/cli/simulated.h"
#include "runner/plan/number.h"
#include "runner/sim/mach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTION_JSON = 256,
	OPTION_MACHINES,
	OPTION_DRAWS,
	MACHINES_MAX = 16,
	DRAWS = 6, /* of all guesses at once, unless told */
};

struct wish {
	struct rm_simulated simulated;
	bool json, quiet;
	char *machines; /* NULL: all */
	uint64_t draws;
};

/* The machines to try; the cell's own comes first. */
struct machines {
	char name[MACHINES_MAX][RM_SIM_NAME_BYTES];
	unsigned count;
	bool named; /* by the caller: each must be found */
};

/* One cell on one machine. */
struct attempt {
	const struct wish *wish;
	struct rm_cell cell;
	struct rm_sim_mach mach;
	struct rm_bands bands;
};

static const struct argp_option options[] = { { "json", OPTION_JSON, NULL, 0,
	                                              "the bands as JSON", 0 },
	{ "machines", OPTION_MACHINES, "NAMES", 0,
	        "of descriptions, with commas between (all, and host)", 0 },
	{ "draws", OPTION_DRAWS, "N", 0,
	        "sets of costs that are all drawn at random, per machine (6)",
	        0 },
	{ "quiet", 'q', NULL, 0, "no progress", 0 }, { 0 } };

/* The type is argp's. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct wish *wish = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &wish->simulated;
		return 0;
	case OPTION_JSON:
		wish->json = true;
		return 0;
	case OPTION_MACHINES:
		wish->machines = text;
		return 0;
	case OPTION_DRAWS:
		if (rm_number_count(text, &wish->draws) || wish->draws > 10000)
			argp_error(state,
			        "--draws \"%s\": expected a number up to 10000",
			        text);
		return 0;
	case 'q':
		wish->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void add_machine(struct machines *machines, const char *name)
{
	unsigned i = 0;

	while (i < machines->count && strcmp(machines->name[i], name) != 0)
		i++;
	if (i < machines->count || i == MACHINES_MAX)
		return;
	snprintf(machines->name[i], RM_SIM_NAME_BYTES, "%s", name);
	machines->count++;
}

static void choose_machines(
        const struct wish *wish, const char *own, struct machines *machines)
{
	char *list, *rest, *name;

	*machines = (struct machines){ .named = wish->machines != NULL };
	if (!wish->machines) {
		add_machine(machines, own);
		for (const struct rm_sim_builtin *of = rm_sim_builtins;
		        of->name; of++)
			add_machine(machines, of->name);
		add_machine(machines, "host");
		return;
	}
	list = strdup(wish->machines);
	for (name = list ? strtok_r(list, ", ", &rest) : NULL; name;
	        name = strtok_r(NULL, ", ", &rest))
		add_machine(machines, name);
	free(list);
}

/* One set of costs: the description's, but for these (a reference that is
   taken). `what`: their name. */
static int try_set(struct attempt *attempt, json_t *costs, const char *what,
        struct rm_error *error)
{
	const struct rm_cell *cell = &attempt->cell;
	char by[RM_BAND_NAME_BYTES];
	json_t *result = NULL;
	int status;

	snprintf(by, sizeof(by), "%s, %s", cell->model, what);
	if (!attempt->wish->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s, %u cores: %s", cell->map,
		        cell->threads, by);
	status = rm_simulated_run(&attempt->wish->simulated, cell,
	        json_pack("{s:o}", "costs", costs), &result, error);
	if (!status)
		rm_bands_widen(&attempt->bands, result, by);
	json_decref(result);
	return status;
}

/* One guess at one end of its range, the others as described. */
static int try_one(struct attempt *attempt, unsigned which, uint32_t cycles,
        struct rm_error *error)
{
	const char *name = rm_sim_cost_name[which];
	char what[RM_BAND_NAME_BYTES];

	snprintf(what, sizeof(what), "%s %u", name, cycles);
	return try_set(attempt, json_pack("{s:I}", name, (json_int_t)cycles),
	        what, error);
}

/* Every guess somewhere in its range, by the number of the draw. */
static int try_draw(
        struct attempt *attempt, uint64_t draw, struct rm_error *error)
{
	uint64_t seed = rm_seed(attempt->wish->simulated.seed, draw);
	json_t *costs = json_object();
	char what[RM_BAND_NAME_BYTES];

	for (unsigned i = 0; i < RM_SIM_COSTS; i++) {
		const struct rm_sim_cycles *cost = &attempt->mach.cost[i];
		uint64_t range = (uint64_t)cost->high - cost->low + 1;
		uint64_t cycles = cost->low + rm_below(rm_seed(seed, i), range);

		if (cost->guess)
			json_object_set_new(costs, rm_sim_cost_name[i],
			        json_integer((json_int_t)cycles));
	}
	snprintf(what, sizeof(what), "draw %u", (unsigned)draw);
	return try_set(attempt, costs, what, error);
}

/* As described; each guess at either end; draws of all. */
static int try_machine(struct attempt *attempt, struct rm_error *error)
{
	int status = try_set(attempt, json_object(), "as described", error);

	for (unsigned i = 0; i < RM_SIM_COSTS && !status; i++) {
		const struct rm_sim_cycles *cost = &attempt->mach.cost[i];

		if (!cost->guess)
			continue;
		status = try_one(attempt, i, cost->low, error);
		if (!status)
			status = try_one(attempt, i, cost->high, error);
	}
	for (uint64_t i = 1; i <= attempt->wish->draws && !status; i++)
		status = try_draw(attempt, i, error);
	if (!attempt->wish->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return status;
}

static void print_all(const struct rm_cell *cell,
        const struct machines *machines, const struct rm_bands *each,
        const struct rm_bands *all)
{
	printf("SIMULATED %s: %s, %u %s, per operation over %u sets of costs "
	       "on %u machines\n",
	        cell->model, cell->map, cell->threads,
	        cell->threads == 1 ? "core" : "cores", all->sets,
	        machines->count);
	rm_bands_print(all);
	for (unsigned i = 0; i < machines->count; i++)
		rm_bands_print_short(machines->name[i], &each[i]);
}

static json_t *all_json(const struct rm_cell *cell,
        const struct machines *machines, const struct rm_bands *each,
        const struct rm_bands *all)
{
	json_t *made = rm_bands_json(all), *by = json_object();

	for (unsigned i = 0; i < machines->count; i++)
		json_object_set_new(
		        by, machines->name[i], rm_bands_json(&each[i]));
	json_object_set_new(made, "cell", json_string(cell->id));
	json_object_set_new(made, "unit", json_string("1/operation"));
	json_object_set_new(made, "machines", by);
	return made;
}

/* One cell on all machines. */
static int try_all(const struct wish *wish, const struct rm_cell *cell,
        json_t *list, struct rm_error *error)
{
	struct rm_bands each[MACHINES_MAX] = { { .sets = 0 } };
	struct rm_bands all = { .sets = 0 };
	struct machines machines;
	int status = 0;

	choose_machines(wish, cell->model, &machines);
	for (unsigned i = 0; i < machines.count && !status; i++) {
		struct attempt attempt = { .wish = wish, .cell = *cell };

		snprintf(attempt.cell.model, sizeof(attempt.cell.model), "%s",
		        machines.name[i]);
		if (!rm_sim_mach_find(machines.name[i], &attempt.mach, error))
			status = try_machine(&attempt, error);
		else if (machines.named || i == 0)
			return RM_USAGE;
		else
			attempt.bands.left_out = "hwloc knows too little here";
		each[i] = attempt.bands;
		rm_bands_merge(&all, &each[i]);
	}
	if (!status && wish->json)
		json_array_append_new(
		        list, all_json(cell, &machines, each, &all));
	else if (!status)
		print_all(cell, &machines, each, &all);
	return status;
}

static int run(struct wish *wish, struct rm_error *error)
{
	const struct rm_cell *cell;
	json_t *list = json_array();
	int status = rm_simulated_open(&wish->simulated, error);

	for (size_t at = 0;
	        !status && (cell = rm_simulated_next(&wish->simulated, &at));)
		status = try_all(wish, cell, list, error);
	if (wish->json && !status) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	return status;
}

int rm_cli_sim_sensitivity(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &rm_simulated_argp, 0, NULL, 0 }, { 0 }
	};
	static const struct argp argp = { options, parse, "[FILE...]",
		"How far simulated counts depend on what nobody measured: on "
		"each machine that is described, and this one, each guessed "
		"cost at both ends of its range, one at a time, then all of "
		"them drawn at random. FILE is a workload with measure = "
		"simulated:MODEL (workloads/simulated-97-3.conf).\v"
		"Example: readmostly sim-sensitivity --maps gomap_rw "
		"--set threads=16\nStatus: 0; 1 a trial failed; 2 usage.",
		children, NULL, NULL };
	struct wish wish = { .draws = DRAWS };
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
