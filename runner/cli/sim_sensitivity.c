/* SPDX-License-Identifier: Apache-2.0 */
/* sim_sensitivity.c - `readmostly dev sim-sensitivity`: the band that a simulated
   count may lie in: nobody knows the guessed costs, and machines differ. */
#include "runner/base/rng.h"
#include "runner/cli/cli.h"
#include "runner/cli/simulated.h"
#include "runner/sim/sim.h"

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
	DRAWS_MAX = 10000,
};

enum { NAME_BYTES = 96, METRICS = 3 };

/* low_by and high_by name the description of the machine that gave the extreme,
   so that a person sees which guess matters; `described` is of the machine as
   its file has it. */
struct band {
	double described, low, high; /* per operation */
	char low_by[NAME_BYTES], high_by[NAME_BYTES];
};

/* Zero it before. The first result is the one "as described". */
struct bands {
	struct band of[METRICS];
	unsigned sets;            /* results taken */
	struct rm_error left_out; /* why there are none, or "" */
};

static const char *const metrics[METRICS] = { "l1d_misses", "coherence_misses",
	"invalidations" };

static void name(char *to, const char *by)
{
	snprintf(to, NAME_BYTES, "%s", by);
}

static void widen(struct band *band, double low, const char *low_by,
        double high, const char *high_by)
{
	if (low < band->low) {
		band->low = low;
		name(band->low_by, low_by);
	}
	if (high > band->high) {
		band->high = high;
		name(band->high_by, high_by);
	}
}

/* Takes a trial's result, of the description named `by`. */
static void bands_widen(
        struct bands *bands, const json_t *result, const char *by)
{
	for (unsigned i = 0; i < METRICS; i++) {
		double value = rm_simulated_per_op(result, metrics[i]);
		struct band *band = &bands->of[i];

		if (bands->sets == 0) {
			band->described = band->low = band->high = value;
			name(band->low_by, by);
			name(band->high_by, by);
		}
		widen(band, value, by, value, by);
	}
	bands->sets++;
}

/* Widens by what another one has seen. */
static void bands_merge(struct bands *bands, const struct bands *other)
{
	if (bands->sets == 0) {
		*bands = *other;
		return;
	}
	for (unsigned i = 0; i < METRICS && other->sets; i++) {
		const struct band *from = &other->of[i];

		widen(&bands->of[i], from->low, from->low_by, from->high,
		        from->high_by);
	}
	bands->sets += other->sets;
}

/* {"sets": N, "bands": {METRIC: {"described", "low", "high", "low_by",
   "high_by"}}}, "left_out" where it is; a new reference. */
static json_t *bands_json(const struct bands *bands)
{
	json_t *of = json_object();

	for (unsigned i = 0; i < METRICS && bands->sets; i++) {
		const struct band *band = &bands->of[i];

		json_object_set_new(of, metrics[i],
		        json_pack("{s:f, s:f, s:f, s:s, s:s}", "described",
		                band->described, "low", band->low, "high",
		                band->high, "low_by", band->low_by, "high_by",
		                band->high_by));
	}
	json_t *made =
	        json_pack("{s:i, s:o}", "sets", (int)bands->sets, "bands", of);

	if (bands->left_out.text[0])
		json_object_set_new(
		        made, "left_out", json_string(bands->left_out.text));
	return made;
}

/* Prints one line per metric; what is described is the first machine. */
static void print_bands(const struct bands *bands)
{
	for (unsigned i = 0; i < METRICS; i++) {
		const struct band *band = &bands->of[i];

		printf("  %-18s %8.4f as described; %8.4f (%s) to %8.4f (%s)\n",
		        metrics[i], band->described, band->low, band->low_by,
		        band->high, band->high_by);
	}
}

/* "METRIC low to high" of the first metric, for a machine's line. */
static void print_machine(const char *machine, const struct bands *bands)
{
	const struct band *band = &bands->of[0];

	if (bands->left_out.text[0])
		printf("    %-16s left out: %s\n", machine,
		        bands->left_out.text);
	else
		printf("    %-16s %8.4f as described; %8.4f to %8.4f %s\n",
		        machine, band->described, band->low, band->high,
		        metrics[0]);
}

struct sensitivity {
	struct rm_simulated simulated;
	bool quiet;
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
	const struct sensitivity *asked;
	struct rm_cell cell;
	struct rm_sim_mach mach;
	struct bands bands;
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
	struct sensitivity *asked = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &asked->simulated.wish;
		return 0;
	case OPTION_JSON:
		asked->simulated.json = true;
		return 0;
	case OPTION_MACHINES:
		if (!text[strspn(text, ", ")])
			argp_error(state, "--machines \"%s\": expected names",
			        text);
		asked->machines = text;
		return 0;
	case OPTION_DRAWS:
		asked->draws =
		        rm_argument_number(state, "draws", text, 0, DRAWS_MAX);
		return 0;
	case 'q':
		asked->quiet = true;
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
        const char *asked, const char *own, struct machines *machines)
{
	char *list, *rest, *name;

	*machines = (struct machines){ .named = asked != NULL };
	if (!asked) {
		add_machine(machines, own);
		for (const struct rm_sim_builtin *of = rm_sim_builtins;
		        of->name; of++)
			add_machine(machines, of->name);
		add_machine(machines, "host");
		return;
	}
	list = strdup(asked);
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
	char by[NAME_BYTES];
	json_t *result = NULL;
	int status;

	snprintf(by, sizeof(by), "%s, %s", cell->model, what);
	if (!attempt->asked->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s, %u cores: %s", cell->map,
		        cell->threads, by);
	status = rm_simulated_run(&attempt->asked->simulated, cell,
	        json_pack("{s:o}", "costs", costs), &result, error);
	if (!status)
		bands_widen(&attempt->bands, result, by);
	json_decref(result);
	return status;
}

/* One guess at one end of its range, the others as described. */
static int try_one(struct attempt *attempt, unsigned which, uint32_t cycles,
        struct rm_error *error)
{
	const char *name = rm_sim_cost_name[which];
	char what[NAME_BYTES];

	snprintf(what, sizeof(what), "%s %u", name, cycles);
	return try_set(attempt, json_pack("{s:I}", name, (json_int_t)cycles),
	        what, error);
}

/* Every guess somewhere in its range, by the number of the draw. */
static int try_draw(
        struct attempt *attempt, uint64_t draw, struct rm_error *error)
{
	uint64_t seed = rm_seed(attempt->asked->simulated.wish.seed, draw);
	json_t *costs = json_object();
	char what[NAME_BYTES];

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
	for (uint64_t i = 1; i <= attempt->asked->draws && !status; i++)
		status = try_draw(attempt, i, error);
	if (!attempt->asked->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return status;
}

static void print_all(const struct rm_cell *cell,
        const struct machines *machines, const struct bands *each,
        const struct bands *all)
{
	unsigned tried = 0;

	for (unsigned i = 0; i < machines->count; i++)
		tried += each[i].sets > 0;
	printf("SIMULATED %s: %s, %u %s, per operation over %u sets of costs "
	       "on %u machine%s\n",
	        machines->name[0], cell->map, cell->threads,
	        cell->threads == 1 ? "core" : "cores", all->sets, tried,
	        tried == 1 ? "" : "s");
	print_bands(all);
	for (unsigned i = 0; i < machines->count; i++)
		print_machine(machines->name[i], &each[i]);
}

static json_t *all_json(const struct rm_cell *cell,
        const struct machines *machines, const struct bands *each,
        const struct bands *all)
{
	json_t *made = bands_json(all), *by = json_object();

	for (unsigned i = 0; i < machines->count; i++)
		json_object_set_new(
		        by, machines->name[i], bands_json(&each[i]));
	json_object_set_new(made, "cell", json_string(cell->id));
	json_object_set_new(made, "unit", json_string("1/operation"));
	json_object_set_new(made, "machines", by);
	return made;
}

/* One cell on all machines. */
static int try_all(struct rm_simulated *simulated, const struct rm_cell *cell,
        json_t *list, struct rm_error *error)
{
	const struct sensitivity *asked = (const struct sensitivity *)simulated;
	struct bands each[MACHINES_MAX] = { { .sets = 0 } };
	struct bands all = { .sets = 0 };
	struct machines machines;
	int status = 0;

	choose_machines(asked->machines, cell->model, &machines);
	for (unsigned i = 0; i < machines.count && !status; i++) {
		struct attempt attempt = { .asked = asked, .cell = *cell };

		snprintf(attempt.cell.model, sizeof(attempt.cell.model), "%s",
		        machines.name[i]);
		if (!rm_sim_mach_find(machines.name[i], &attempt.mach, error))
			status = try_machine(&attempt, error);
		else if (machines.named || i == 0)
			return RM_USAGE;
		else
			attempt.bands.left_out = *error;
		each[i] = attempt.bands;
		bands_merge(&all, &each[i]);
	}
	if (!status && simulated->json)
		json_array_append_new(
		        list, all_json(cell, &machines, each, &all));
	else if (!status)
		print_all(cell, &machines, each, &all);
	return status;
}

int rm_cli_sim_sensitivity(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE...]",
		"How far simulated counts depend on what nobody measured: on "
		"each machine that is described, and this one, each guessed "
		"cost at both ends of its range, one at a time, then all of "
		"them drawn at random. FILE is a workload with measure = "
		"simulated:MODEL (workloads/simulated-97-3.conf).\v"
		"Example: readmostly dev sim-sensitivity --maps gomap_rw "
		"--set threads=16\nStatus: 0; 1 a trial failed; 2 usage.",
		rm_wish_children, NULL, NULL };
	struct sensitivity asked = { .simulated = { .cell = try_all },
		.draws = DRAWS };

	return rm_simulated_main(argc, argv, &argp, &asked.simulated);
}
