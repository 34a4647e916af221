/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - options, plans and messages that commands share. */
#include "runner/cli/command.h"

#include "runner/sim/sim.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Starts at 512, because argp treats keys below 256 as short options, and
   commands number their own options from 256. */
enum { OPTION_SET = 512, OPTION_MAPS, OPTION_SEED };
enum { START_SEED = 4096, START_BUSY_OK, START_WAIT_IDLE };

static const struct argp_option plan_options[] = {
	{ "set", OPTION_SET, "NAME|KEY=VALUE", 0,
	        "NAME: the workloads of a set (articles, claims, peers, "
	        "production). KEY=VALUE: append this line to each workload "
	        "file; repeatable: --set threads=16",
	        0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "run only these of the workloads' maps: ids, globs; ~GLOB "
	        "excludes. To measure other maps: --set maps=IDS",
	        0 },
	{ "seed", OPTION_SEED, "N", 0, "seed of order, keys and operations (1)",
	        0 },
	{ 0 }
};

static error_t parse_plan(int key, char *text, struct argp_state *state)
{
	struct rm_plan_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		arguments->seed = 1;
		/* each argument contains at most one KEY=VALUE */
		arguments->sets =
		        calloc((size_t)state->argc, sizeof(*arguments->sets));
		return arguments->sets ? 0 : ENOMEM;
	case OPTION_SET:
		if (strchr(text, '='))
			arguments->sets[arguments->set_count++] = text;
		else
			rm_parse_set_name(state, text, &arguments->set);
		return 0;
	case OPTION_MAPS:
		arguments->maps = text;
		return 0;
	case OPTION_SEED:
		/* larger integers are not exact in JSON */
		arguments->seed = rm_argument_number(
		        state, "seed", text, 0, ((uint64_t)1 << 53) - 1);
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->file_count = (size_t)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp plan_argp = { plan_options, parse_plan, NULL, NULL,
	NULL, NULL, NULL };

const struct argp_child rm_plan_children[] = { { &plan_argp, 0, NULL, 0 },
	{ 0 } };

static const struct argp_option start_options[] = {
	{ "seed", START_SEED, "N", 0,
	        "seed of order, keys and operations, 0 to 2^53 - 1 (default: "
	        "random)",
	        0 },
	{ "busy-ok", START_BUSY_OK, NULL, 0,
	        "do not warn if the machine is busy; campaign.json still "
	        "records it",
	        0 },
	{ "wait-idle", START_WAIT_IDLE, "S", 0,
	        "wait at most S seconds until the machine is idle; start "
	        "nothing if it stays busy",
	        0 },
	{ 0 }
};

static error_t parse_start(int key, char *text, struct argp_state *state)
{
	struct rm_start_options *start = state->input;

	switch (key) {
	case START_SEED:
		start->seed = rm_argument_number(
		        state, "seed", text, 0, ((uint64_t)1 << 53) - 1);
		start->has_seed = true;
		return 0;
	case START_BUSY_OK:
		start->busy_ok = true;
		return 0;
	case START_WAIT_IDLE:
		start->wait_idle_s = (unsigned)rm_argument_number(
		        state, "wait-idle", text, 1, 86400);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp start_argp = { start_options, parse_start, NULL, NULL,
	NULL, NULL, NULL };

const struct argp_child rm_start_children[] = { { &start_argp, 0, NULL, 0 },
	{ 0 } };

void rm_start_apply(
        const struct rm_start_options *start, struct rm_run_options *wishes)
{
	if (start->has_seed)
		wishes->seed = &start->seed;
	wishes->busy_ok = start->busy_ok;
	wishes->wait_idle_s = start->wait_idle_s;
	wishes->find_machine = rm_find_machine;
	/* tests replace the map program by a script */
	wishes->program = getenv("RM_TRIAL_PROGRAM");
}

void rm_parse_set(struct argp_state *state, char *text, struct rm_sets *sets)
{
	size_t n = sets->count;
	struct rm_error error = { 0 };

	if (n == RM_SETS_MAX)
		argp_error(state, "--set: expected at most %d", RM_SETS_MAX);
	else if (rm_override_split(
	                 text, sets->where[n], &sets->list[n], &error))
		argp_error(state, "%s", error.text);
	else
		sets->count++;
}

void rm_parse_set_name(
        struct argp_state *state, const char *text, const char **set)
{
	if (*set)
		argp_error(state,
		        "--set %s and --set %s: expected one set; use a "
		        "campaign for each",
		        *set, text);
	*set = text;
}

void rm_plan_arguments_clear(struct rm_plan_arguments *arguments)
{
	free(arguments->sets);
	arguments->sets = NULL;
}

static error_t parse_switch(int key, char *text, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "\"%s\": expected no argument", text);
	/* the keys of options are ASCII; argp's own keys are larger */
	if (key > '~')
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

bool rm_command_switch(int argc, char **argv, const char *name, int key,
        const char *what, const char *doc)
{
	const struct argp_option options[] = { { name, key, NULL, 0, what, 0 },
		{ 0 } };
	const struct argp argp = { options, parse_switch, "", doc, NULL, NULL,
		NULL };
	bool given = false;

	rm_argument_parse(&argp, argc, argv, &given);
	return given;
}

int rm_find_machine(const char *name, struct rm_error *error)
{
	struct rm_sim_mach machine;

	return rm_sim_mach_find(name, &machine, error);
}

int rm_planned_build(struct rm_planned *planned, uint64_t seed,
        const char *maps, struct rm_error *error)
{
	struct rm_plan_options options = { .seed = seed,
		.maps = maps,
		.can_simulate = rm_map_has_sim_program,
		.find_machine = rm_find_machine,
		.catalog = &planned->catalog,
		.cost_scale = rm_plan_measure_cost_scale(&planned->topology),
		.cells = planned->list.lines ? &planned->list : NULL };

	return rm_plan_build(planned->inputs.workloads,
	               planned->inputs.workload_count, &planned->topology,
	               &options, &planned->plan, error)
	               ? RM_USAGE
	               : 0;
}

int rm_planned_load(const struct rm_plan_arguments *arguments,
        struct rm_planned *planned, struct rm_error *error)
{
	const struct rm_sources sources = { .files = arguments->files,
		.file_count = arguments->file_count,
		.set = arguments->set,
		.mode = arguments->mode };

	if (rm_inputs_load(sources, arguments->sets, arguments->set_count,
	            &planned->inputs, error) ||
	        (arguments->cells_from &&
	                rm_cell_list_read(arguments->cells_from, &planned->list,
	                        error)) ||
	        rm_catalog_load(NULL, &planned->catalog, error) ||
	        rm_topology_load(NULL, &planned->topology, error))
		return RM_USAGE;
	return rm_planned_build(
	        planned, arguments->seed, arguments->maps, error);
}

void rm_planned_clear(struct rm_planned *planned)
{
	rm_plan_free(&planned->plan);
	rm_topology_free(&planned->topology);
	rm_inputs_clear(&planned->inputs);
	rm_cell_list_clear(&planned->list);
	rm_catalog_clear(&planned->catalog);
	*planned = (struct rm_planned){ 0 };
}

/* Adds the programs that a map needs for a measure. The plain program is always
   needed, since it verifies the map before any measurement. */
static void add_need(void *needs, const char *map, enum rm_measure measure,
        const char *flavour)
{
	const char *const flavours[] = { "plain", flavour };
	char program[2 * RM_NAME_BYTES];

	(void)measure;
	for (int i = 0; i < 2; i++) {
		snprintf(program, sizeof(program), "%s/%s", flavours[i], map);
		json_object_set_new(needs, program, json_true());
	}
}

int rm_find_needs(const struct rm_inputs *inputs,
        const struct rm_catalog *catalog, const char *maps, json_t **needs,
        struct rm_error *error)
{
	*needs = json_object();
	return rm_plan_needs(inputs->workloads, inputs->workload_count, catalog,
	        maps, add_need, *needs, error);
}

/* True if the program can be built, but is not built. */
static bool is_missing(const char *program)
{
	const char *slash = strchr(program, '/');
	char flavour[RM_NAME_BYTES], why[256];

	snprintf(flavour, sizeof(flavour), "%.*s", (int)(slash - program),
	        program);
	return !rm_map_has_program(flavour, slash + 1, why, sizeof(why)) &&
	       !strncmp(why, "is not built", strlen("is not built"));
}

void rm_print_missing_programs(const struct rm_error *error,
        const struct rm_inputs *inputs, const struct rm_catalog *catalog,
        const char *maps)
{
	struct rm_error ignored = { "" };
	const char *const begin =
	        "all programs of this plan: make programs NEEDED='";
	const char *program, *before = begin;
	json_t *needs, *value;

	if (!strstr(error->text, "is not built") ||
	        rm_find_needs(inputs, catalog, maps, &needs, &ignored))
		return;
	json_object_foreach (needs, program, value)
		if (is_missing(program)) {
			fprintf(stderr, "%s%s", before, program);
			before = " ";
		}
	if (before != begin) /* the list names a missing program that can be
	                        built */
		fprintf(stderr, "'\n");
	json_decref(needs);
}

void rm_print_time(uint64_t time_ns)
{
	double seconds = (double)time_ns / 1e9;

	if (seconds < 200)
		printf("%.1f s", seconds);
	else if (seconds < 7200)
		printf("%.1f min", seconds / 60);
	else
		printf("%.1f h", seconds / 3600);
}

int rm_print_error(
        const char *command, const struct rm_error *error, int status)
{
	fprintf(stderr, "readmostly %s: %s\n", command, error->text);
	return status;
}

bool rm_is_terminal(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) && kind && strcmp(kind, "dumb");
}
