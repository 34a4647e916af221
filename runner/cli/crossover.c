/* SPDX-License-Identifier: Apache-2.0 */
/* crossover.c - `readmostly dev crossover`: finds the point where one of two
   maps becomes faster than the other, for one pair or for all pairs of a list.
   Each pair is a separate campaign. */
#include "runner/catalog/catalog.h"
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_ALL = 2048 };

static const char *const modes[] = { "quick", "standard", NULL };

struct arguments {
	struct rm_stages_options stages;
	json_t *list; /* list of pairs from --all, or NULL */
	char *pair[2];
	unsigned count;
};

static const struct argp_option options[] = {
	{ "all", OPTION_ALL, "A,B,C", 0,
	        "all pairs of these maps, one after the other, each in "
	        "DIR/A-B",
	        0 },
	{ 0 },
};

/* Ends the program if this build has no program for the map. */
static void check_map(const char *id, struct argp_state *state)
{
	struct rm_catalog catalog;
	struct rm_error error = { "" };

	if (!rm_catalog_load(NULL, &catalog, &error) &&
	        !rm_catalog_find(&catalog, id))
		rm_catalog_explain(&catalog, id, &error);
	rm_catalog_clear(&catalog);
	if (error.text[0])
		argp_error(state, "%s", error.text);
}

static void parse_list(char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	char *rest = NULL;

	arguments->list = json_array();
	for (char *id = strtok_r(text, ", ", &rest); id;
	        id = strtok_r(NULL, ", ", &rest)) {
		const json_t *other;
		size_t i;

		check_map(id, state);
		json_array_foreach (arguments->list, i, other)
			if (!strcmp(json_string_value(other), id))
				argp_error(state,
				        "--all: %s occurs twice, expected "
				        "different maps",
				        id);
		json_array_append_new(arguments->list, json_string(id));
	}
	if (json_array_size(arguments->list) < 2)
		argp_error(state, "--all: expected two maps or more, with "
		                  "commas between them");
}

static void check_arguments(struct argp_state *state)
{
	struct arguments *arguments = state->input;
	char *const *pair = arguments->pair;

	if (arguments->list && arguments->count)
		argp_error(state, "A B and --all: expected only one of them");
	if (arguments->count == 1)
		argp_error(state, "%s: expected two maps, A and B", pair[0]);
	if (!arguments->count && !arguments->list && !arguments->stages.resume)
		argp_error(state, "expected two maps, A and B");
	if (arguments->count != 2)
		return;
	check_map(pair[0], state);
	check_map(pair[1], state);
	if (!strcmp(pair[0], pair[1]))
		argp_error(state,
		        "%s occurs twice, expected two different maps",
		        pair[0]);
	arguments->stages.maps = json_pack("[s, s]", pair[0], pair[1]);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->stages;
		return 0;
	case OPTION_ALL:
		parse_list(text, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == 2)
			argp_error(state, "\"%s\": expected two maps, or --all",
			        text);
		arguments->pair[arguments->count++] = text;
		return 0;
	case ARGP_KEY_END:
		check_arguments(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Runs the campaign of the maps A and B in DIR/A-B. All pairs use the same
   parsed --set options. */
static int run_pair(const struct arguments *arguments, const char *a,
        const char *b, const char *parent)
{
	struct rm_stages_options stages = arguments->stages;
	char dir[RM_PATH_BYTES + 2 * RM_NAME_BYTES];

	snprintf(dir, sizeof(dir), "%s/%s-%s", parent, a, b);
	/* an interrupted command may have stopped before this pair */
	stages.resume = stages.resume && !access(dir, F_OK);
	stages.dir = stages.plan ? NULL : dir;
	stages.maps = json_pack("[s, s]", a, b);
	int status = rm_stages_run(&stages);

	rm_stages_options_clear(&stages);
	return status;
}

/* Prints how to resume all pairs. The interrupted pair has already printed how
   to resume that pair alone. */
static void print_resume(const struct arguments *arguments, const char *parent)
{
	const json_t *id;
	size_t i;

	printf("to resume all pairs: %s dev crossover --all ",
	        program_invocation_name);
	json_array_foreach (arguments->list, i, id)
		printf("%s%s", i ? "," : "", json_string_value(id));
	printf(" -o %s --resume\n", parent);
}

/* Runs all pairs. Stops after a usage error or an interrupt, which would also
   affect the next pair. If trials of one pair failed, the next pair still
   runs. */
static int run_all(const struct arguments *arguments, const char *parent)
{
	size_t count = json_array_size(arguments->list);
	int worst = RM_OK;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			int status = run_pair(arguments,
			        json_string_value(
			                json_array_get(arguments->list, i)),
			        json_string_value(
			                json_array_get(arguments->list, j)),
			        parent);

			if (status == RM_INTERRUPTED && !arguments->stages.plan)
				print_resume(arguments, parent);
			if (status == RM_USAGE || status == RM_INTERRUPTED)
				return status;
			worst = status ? status : worst;
		}
	return worst;
}

/* Runs all pairs in one folder. Prints the name of a new folder before the
   first pair runs. */
static int run_list(struct arguments *arguments)
{
	char parent[RM_PATH_BYTES];
	struct rm_topology topology = { 0 };
	struct rm_error error = { 0 };
	json_t *facts = NULL;
	int result = 0;

	if (arguments->stages.resume &&
	        rm_folder_check_resume(arguments->stages.dir, &error))
		return rm_print_error("dev crossover", &error, RM_USAGE);
	if (arguments->stages.dir || arguments->stages.plan)
		return run_all(arguments,
		        arguments->stages.dir ? arguments->stages.dir : "");
	result = rm_topology_load(NULL, &topology, &error);
	if (!result) {
		facts = rm_machine_facts(&topology);
		result = rm_folder_new("crossover",
		        json_string_value(json_object_get(facts, "id")),
		        time(NULL), parent, &error);
	}
	json_decref(facts);
	rm_topology_free(&topology);
	return result ? rm_print_error(
	                        "dev crossover", &error, rm_exit_status(result))
	              : run_all(arguments, parent);
}

int rm_cli_crossover(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "A B\n--all A,B,C...",
		"Finds the conditions under which the other of two maps "
		"becomes "
		"the faster one: share and kind of writes, threads, keys and "
		"key "
		"distribution "
		"(workloads/crossover-sweep.conf). `python3 -m report next` "
		"chooses the cells of each stage, most of them near the "
		"boundary. The folder can be resumed, validated and reported.\v"
		"Modes: quick, standard. Status: 0 done; 2 usage or input; 3 "
		"some trials have no result, or nothing could be decided; 75 "
		"interrupted, continue with --resume.",
		rm_stages_children, NULL, NULL };
	struct arguments arguments = {
		.stages = { .command = "dev crossover",
		        .kind = "crossover",
		        .modes = modes },
	};

	rm_argument_parse(&argp, argc, argv, &arguments);
	arguments.stages.interrupt_fd = rm_watch_signals();
	int status = arguments.list ? run_list(&arguments)
	                            : rm_stages_run(&arguments.stages);

	close(arguments.stages.interrupt_fd);
	rm_stages_options_clear(&arguments.stages);
	json_decref(arguments.list);
	return status;
}
