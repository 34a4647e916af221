/* SPDX-License-Identifier: Apache-2.0 */
/* stages_options.c - parses the options of commands that run stages, and stores
   them in stages.json. */
#include "runner/base/json.h"
#include "runner/cli/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_MODE = 512, OPTION_BUDGET, OPTION_RESUME };
enum { OPTION_SET = 1024, OPTION_PLAN };
static const uint64_t budget_most = 10000000;

static const struct argp_option option_table[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "how much to measure: workloads/modes/COMMAND-NAME.conf "
	        "(default: quick)",
	        0 },
	{ "budget", OPTION_BUDGET, "TRIALS", 0,
	        "maximum of timed trials in all stages; verifications and "
	        "repeats of disturbed trials come in addition",
	        0 },
	{ "output", 'o', "DIR", 0,
	        "folder of all stages (default: "
	        "results/DATE-COMMAND-MACHINE)",
	        0 },
	{ "resume", OPTION_RESUME, NULL, 0,
	        "resume the campaign in DIR with its recorded options", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "append this line to each workload; repeatable", 0 },
	{ "plan", OPTION_PLAN, NULL, 0,
	        "print what may run, and how long; run nothing", 0 },
	{ 0 },
};

/* Stores a pointer to the command's own string, not to `text`. */
static void parse_mode(const char *text, struct argp_state *state)
{
	struct rm_stages_options *options = state->input;
	char known[128] = "";

	for (size_t i = 0; options->modes[i]; i++) {
		size_t used = strlen(known);

		if (!strcmp(options->modes[i], text)) {
			options->mode = options->modes[i];
			return;
		}
		snprintf(known + used, sizeof(known) - used, "%s%s",
		        i ? ", " : "", options->modes[i]);
	}
	argp_error(state, "--mode %s: expected one of %s", text, known);
}

static void finish(struct argp_state *state)
{
	const struct rm_stages_options *options = state->input;

	if (options->resume && !options->dir)
		argp_error(state, "--resume needs -o DIR");
	if (options->resume && options->plan)
		argp_error(state,
		        "--plan and --resume: expected only one of them");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct rm_stages_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->start;
		return 0;
	case OPTION_MODE:
		parse_mode(text, state);
		return 0;
	case OPTION_BUDGET:
		options->budget = rm_argument_number(
		        state, "budget", text, 1, budget_most);
		return 0;
	case OPTION_RESUME:
		options->resume = true;
		return 0;
	case OPTION_PLAN:
		options->plan = true;
		return 0;
	case 'o':
		options->dir = text;
		return 0;
	case OPTION_SET:
		rm_parse_set(state, text, &options->sets);
		return 0;
	case ARGP_KEY_END:
		finish(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { option_table, parse, NULL, NULL,
	rm_start_children, NULL, NULL };

const struct argp_child rm_stages_children[] = { { &argp, 0, NULL, 0 }, { 0 } };

void rm_stages_options_clear(struct rm_stages_options *options)
{
	json_decref(options->maps);
	json_decref(options->ids);
	for (size_t i = 0; i < RM_SETS_MAX; i++)
		free(options->restored_sets[i]);
}

static json_t *sets_to_json(const struct rm_sets *sets)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sets->count; i++)
		json_array_append_new(
		        list, json_sprintf("%s=%s", sets->list[i].key,
		                      sets->list[i].value));
	return list;
}

json_t *rm_stages_options_to_json(const struct rm_stages_options *options)
{
	return json_pack("{s:s, s:O?, s:O?, s:s, s:I, s:I, s:o}", "kind",
	        options->kind, "maps", options->maps, "ids", options->ids,
	        "mode", options->mode, "seed", (json_int_t)options->start.seed,
	        "budget_trials", (json_int_t)options->budget, "set",
	        sets_to_json(&options->sets));
}

static const char advice[] = "start again in another folder (-o DIR), or "
                             "resume with the recorded options";

static int report_difference(const char *what, const json_t *recorded,
        const json_t *now, struct rm_error *error)
{
	char *was = json_dumps(recorded, JSON_COMPACT | JSON_ENCODE_ANY);
	char *is = json_dumps(now, JSON_COMPACT | JSON_ENCODE_ANY);
	int result = rm_error_set(error, -EINVAL,
	        "started with %s %.120s, now %.120s: %s", what, was ? was : "?",
	        is ? is : "?", advice);

	free(was);
	free(is);
	return result;
}

/* Compares an option with the recorded one. Takes the reference to `given`,
   which is NULL if the option was not given. */
static int check_option(const char *what, const json_t *stages,
        const char *member, json_t *given, struct rm_error *error)
{
	const json_t *recorded = json_object_get(stages, member);
	int result = !given || json_equal(recorded, given)
	                     ? 0
	                     : report_difference(what, recorded, given, error);

	json_decref(given);
	return result;
}

/* Restores --set from stages.json. Uses copies, since rm_override_split()
   modifies its text. */
static int recall_sets(struct rm_stages_options *options,
        const json_t *recorded, struct rm_error *error)
{
	struct rm_sets *sets = &options->sets;
	const json_t *text;
	size_t i;

	if (json_array_size(recorded) > RM_SETS_MAX)
		return rm_error_set(error, -EINVAL,
		        "stages.json: set: expected at most %d", RM_SETS_MAX);
	json_array_foreach (recorded, i, text) {
		char *copy = strdup(
		        json_is_string(text) ? json_string_value(text) : "");
		int failed;

		options->restored_sets[i] = copy;
		if (!copy)
			return rm_error_set(error, -ENOMEM, "out of memory");
		failed = rm_override_split(
		        copy, sets->where[i], &sets->list[i], error);
		if (failed)
			return failed;
		sets->count = i + 1;
	}
	return 0;
}

static int check_options(const struct rm_stages_options *options,
        const json_t *stages, struct rm_error *error)
{
	int result = check_option(
	        "kind", stages, "kind", json_string(options->kind), error);

	if (!result)
		result = check_option("maps", stages, "maps",
		        json_incref(options->maps), error);
	if (!result)
		result = check_option("claims", stages, "ids",
		        json_incref(options->ids), error);
	if (!result)
		result = check_option("--mode", stages, "mode",
		        options->mode ? json_string(options->mode) : NULL,
		        error);
	if (!result)
		result = check_option("--seed", stages, "seed",
		        options->start.has_seed
		                ? json_integer((json_int_t)options->start.seed)
		                : NULL,
		        error);
	if (!result)
		result = check_option("--budget", stages, "budget_trials",
		        options->budget
		                ? json_integer((json_int_t)options->budget)
		                : NULL,
		        error);
	if (!result)
		result = check_option("--set", stages, "set",
		        options->sets.count ? sets_to_json(&options->sets)
		                            : NULL,
		        error);
	return result;
}

int rm_stages_options_restore(struct rm_stages_options *options,
        const json_t *stages, struct rm_error *error)
{
	int result = check_options(options, stages, error);

	if (result)
		return result;
	json_t *maps = json_object_get(stages, "maps");
	json_t *ids = json_object_get(stages, "ids");

	if (!options->maps && json_is_array(maps))
		options->maps = json_incref(maps);
	if (!options->ids && json_is_array(ids))
		options->ids = json_incref(ids);
	options->mode = rm_json_text(stages, "mode");
	options->start.seed = (uint64_t)rm_json_integer(stages, "seed");
	options->start.has_seed = true;
	options->budget = (uint64_t)rm_json_integer(stages, "budget_trials");
	return options->sets.count
	               ? 0
	               : recall_sets(options, json_object_get(stages, "set"),
	                         error);
}
