/* SPDX-License-Identifier: Apache-2.0 */
/* sim_sensitivity.c - `readmostly dev sim-sensitivity`: computes how far a
   simulated count varies between machines, and with the costs that are
   guesses. */
#include "runner/base/json.h"
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
	DRAWS = 6, /* default number of sets of random guesses */
	DRAWS_MAX = 10000,
};

enum { NAME_BYTES = 96, METRICS = 3 };

/* Range of a metric. low_by and high_by name the machine and the changed cost
   of each extreme, so that users see which guess matters. `described` is the
   count with the costs of the machine's file. */
struct band {
	double described, low, high; /* counts per operation */
	char low_by[NAME_BYTES], high_by[NAME_BYTES];
};

/* Zero-initialise. The first added result must be the one with the costs of the
   machine's file. */
struct bands {
	struct band band[METRICS];
	unsigned sets;            /* number of results */
	struct rm_error left_out; /* why it was left out; or "" */
};

static const char *const metrics[METRICS] = { "l1d_misses", "coherence_misses",
	"invalidations" };

static void set_name(char *to, const char *by)
{
	snprintf(to, NAME_BYTES, "%s", by);
}

static void widen(struct band *band, double low, const char *low_by,
        double high, const char *high_by)
{
	if (low < band->low) {
		band->low = low;
		set_name(band->low_by, low_by);
	}
	if (high > band->high) {
		band->high = high;
		set_name(band->high_by, high_by);
	}
}

/* Adds a trial's result; `by` names the machine and the costs of the result. */
static void bands_widen(
        struct bands *bands, const json_t *result, const char *by)
{
	for (unsigned i = 0; i < METRICS; i++) {
		double value = rm_simulated_per_op(result, metrics[i]);
		struct band *band = &bands->band[i];

		if (bands->sets == 0) {
			band->described = band->low = band->high = value;
			set_name(band->low_by, by);
			set_name(band->high_by, by);
		}
		widen(band, value, by, value, by);
	}
	bands->sets++;
}

/* Extends the bands to include the bands of `other`. */
static void bands_merge(struct bands *bands, const struct bands *other)
{
	if (bands->sets == 0) {
		*bands = *other;
		return;
	}
	for (unsigned i = 0; i < METRICS && other->sets; i++) {
		const struct band *from = &other->band[i];

		widen(&bands->band[i], from->low, from->low_by, from->high,
		        from->high_by);
	}
	bands->sets += other->sets;
}

/* Returns a new reference to {"sets": N, "bands": {METRIC: {"described", "low",
   "high", "low_by", "high_by"}}}. Adds "left_out" if it is set. */
static json_t *bands_json(const struct bands *bands)
{
	json_t *of = json_object();

	for (unsigned i = 0; i < METRICS && bands->sets; i++) {
		const struct band *band = &bands->band[i];

		json_object_set_new(of, metrics[i],
		        json_pack("{s:o, s:o, s:o, s:s, s:s}", "described",
		                rm_json_real(band->described), "low",
		                rm_json_real(band->low), "high",
		                rm_json_real(band->high), "low_by",
		                band->low_by, "high_by", band->high_by));
	}
	json_t *json =
	        json_pack("{s:i, s:o}", "sets", (int)bands->sets, "bands", of);

	if (bands->left_out.text[0])
		json_object_set_new(
		        json, "left_out", json_string(bands->left_out.text));
	return json;
}

/* Prints one line per metric. The column "as described" is the count of the
   first machine. */
static void print_bands(const struct bands *bands)
{
	for (unsigned i = 0; i < METRICS; i++) {
		const struct band *band = &bands->band[i];

		printf("  %-18s %8.4f as described; %8.4f (%s) to %8.4f (%s)\n",
		        metrics[i], band->described, band->low, band->low_by,
		        band->high, band->high_by);
	}
}

/* Prints the band of the first metric for one machine. */
static void print_machine(const char *machine, const struct bands *bands)
{
	const struct band *band = &bands->band[0];

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
	char *machines; /* NULL: all machines */
	uint64_t draws;
};

/* The machines to simulate; the cell's own machine comes first. */
struct machines {
	char name[MACHINES_MAX][RM_SIM_NAME_BYTES];
	unsigned count;
	bool named; /* true: the user named the machines, so each must exist */
};

/* One cell on one machine. */
struct attempt {
	const struct sensitivity *settings;
	struct rm_cell cell;
	struct rm_sim_mach mach;
	struct bands bands;
};

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0, "print the bands as JSON", 0 },
	{ "machines", OPTION_MACHINES, "NAMES", 0,
	        "machines, separated by commas (default: all, and host)", 0 },
	{ "draws", OPTION_DRAWS, "N", 0,
	        "sets per machine with all guesses drawn at random (6)", 0 },
	{ "quiet", 'q', NULL, 0, "print no progress", 0 }, { 0 }
};

/* argp fixes the type. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct sensitivity *settings = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &settings->simulated.arguments;
		return 0;
	case OPTION_JSON:
		settings->simulated.json = true;
		return 0;
	case OPTION_MACHINES:
		if (!text[strspn(text, ", ")])
			argp_error(state,
			        "--machines \"%s\": expected names of machines",
			        text);
		settings->machines = text;
		return 0;
	case OPTION_DRAWS:
		settings->draws =
		        rm_argument_number(state, "draws", text, 0, DRAWS_MAX);
		return 0;
	case 'q':
		settings->quiet = true;
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

static void choose_machines(const char *settings, const char *default_machine,
        struct machines *machines)
{
	char *list, *rest, *name;

	*machines = (struct machines){ .named = settings != NULL };
	if (!settings) {
		add_machine(machines, default_machine);
		for (const struct rm_sim_builtin *of = rm_sim_builtins;
		        of->name; of++)
			add_machine(machines, of->name);
		add_machine(machines, "host");
		return;
	}
	list = strdup(settings);
	for (name = list ? strtok_r(list, ", ", &rest) : NULL; name;
	        name = strtok_r(NULL, ", ", &rest))
		add_machine(machines, name);
	free(list);
}

/* Runs the simulation with the machine's costs, after `costs` has replaced some
   of them. Takes the reference to `costs`. `what` is the name of this set of
   costs. */
static int try_set(struct attempt *attempt, json_t *costs, const char *what,
        struct rm_error *error)
{
	const struct rm_cell *cell = &attempt->cell;
	char by[NAME_BYTES];
	json_t *result = NULL;
	int status;

	snprintf(by, sizeof(by), "%s, %s", cell->model, what);
	if (!attempt->settings->quiet && rm_is_terminal(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s, %u cores: %s", cell->map,
		        cell->threads, by);
	status = rm_simulated_run(&attempt->settings->simulated, cell,
	        json_pack("{s:o}", "costs", costs), &result, error);
	if (!status)
		bands_widen(&attempt->bands, result, by);
	json_decref(result);
	return status;
}

/* Runs the simulation with one guess at one end of its range, and the other
   guesses unchanged. */
static int try_one(struct attempt *attempt, unsigned which, uint32_t cycles,
        struct rm_error *error)
{
	const char *name = rm_sim_cost_name[which];
	char what[NAME_BYTES];

	snprintf(what, sizeof(what), "%s %u", name, cycles);
	return try_set(attempt, json_pack("{s:I}", name, (json_int_t)cycles),
	        what, error);
}

/* Runs the simulation with each guess at a random point of its range. `draw` is
   the seed. */
static int try_draw(
        struct attempt *attempt, uint64_t draw, struct rm_error *error)
{
	uint64_t seed =
	        rm_seed(attempt->settings->simulated.arguments.seed, draw);
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

/* Runs the simulation with the costs of the machine's file, then with each
   guess at both ends of its range, then with random sets of costs. */
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
	for (uint64_t i = 1; i <= attempt->settings->draws && !status; i++)
		status = try_draw(attempt, i, error);
	if (!attempt->settings->quiet && rm_is_terminal(STDERR_FILENO))
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
	json_t *json = bands_json(all), *by = json_object();

	for (unsigned i = 0; i < machines->count; i++)
		json_object_set_new(
		        by, machines->name[i], bands_json(&each[i]));
	json_object_set_new(json, "cell", json_string(cell->id));
	json_object_set_new(json, "unit", json_string("1/operation"));
	json_object_set_new(json, "machines", by);
	return json;
}

static int try_all(struct rm_simulated *simulated, const struct rm_cell *cell,
        json_t *list, struct rm_error *error)
{
	const struct sensitivity *settings =
	        (const struct sensitivity *)simulated;
	struct bands each[MACHINES_MAX] = { { .sets = 0 } };
	struct bands all = { .sets = 0 };
	struct machines machines;
	int status = 0;

	choose_machines(settings->machines, cell->model, &machines);
	for (unsigned i = 0; i < machines.count && !status; i++) {
		struct attempt attempt = { .settings = settings,
			.cell = *cell };

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
		"Varies the unmeasured parameters of the simulator. On each "
		"described machine, and on this one, sets each guessed cost to "
		"both ends of its range, one at a time, then all of them at "
		"random. Prints the range of the counts. FILE is a workload "
		"with measure = simulated:MODEL "
		"(workloads/simulated-97-3.conf).\v"
		"Example: readmostly dev sim-sensitivity --maps gomap_rw --set "
		"threads=16\nStatus: 0; 1 a trial failed; 2 usage.",
		rm_plan_children, NULL, NULL };
	struct sensitivity settings = { .simulated = { .cell = try_all },
		.draws = DRAWS };

	return rm_simulated_main(argc, argv, &argp, &settings.simulated);
}
