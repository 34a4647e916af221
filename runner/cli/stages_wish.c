/* SPDX-License-Identifier: Apache-2.0 */
/* stages_wish.c - options of commands that run stages, and what stages.json
   remembers of them. */
#include "runner/base/json.h"
#include "runner/cli/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_MODE = 512, OPTION_BUDGET, OPTION_RESUME };
enum { OPTION_SET = 1024, OPTION_PLAN };
static const uint64_t budget_most = 10000000;

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "how much is measured: workloads/modes/COMMAND-NAME.conf "
	        "(default: quick)",
	        0 },
	{ "budget", OPTION_BUDGET, "TRIALS", 0,
	        "timed trials of all stages together, at most; verifications "
	        "and repeats of disturbed trials come on top",
	        0 },
	{ "output", 'o', "DIR", 0,
	        "the folder of all stages (default: "
	        "results/DATE-COMMAND-MACHINE)",
	        0 },
	{ "resume", OPTION_RESUME, NULL, 0,
	        "go on with what is in DIR, as it was begun", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "a line that every workload gets at its end; may be repeated",
	        0 },
	{ "plan", OPTION_PLAN, NULL, 0,
	        "say what may run, and how long; run nothing", 0 },
	{ 0 },
};

/* One of the command's own, so that the word in stages.json is known. */
static void parse_mode(const char *text, struct argp_state *state)
{
	struct rm_stages_wish *wish = state->input;
	char known[128] = "";

	for (size_t i = 0; wish->modes[i]; i++) {
		size_t used = strlen(known);

		if (!strcmp(wish->modes[i], text)) {
			wish->mode = wish->modes[i];
			return;
		}
		snprintf(known + used, sizeof(known) - used, "%s%s",
		        i ? ", " : "", wish->modes[i]);
	}
	argp_error(state, "--mode %s: expected one of %s", text, known);
}

static void finish(struct argp_state *state)
{
	const struct rm_stages_wish *wish = state->input;

	if (wish->resume && !wish->dir)
		argp_error(state, "--resume: expected -o DIR, too");
	if (wish->resume && wish->plan)
		argp_error(state, "--plan and --resume: expected one of them");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct rm_stages_wish *wish = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &wish->start;
		return 0;
	case OPTION_MODE:
		parse_mode(text, state);
		return 0;
	case OPTION_BUDGET:
		wish->budget = rm_argument_number(
		        state, "budget", text, 1, budget_most);
		return 0;
	case OPTION_RESUME:
		wish->resume = true;
		return 0;
	case OPTION_PLAN:
		wish->plan = true;
		return 0;
	case 'o':
		wish->dir = text;
		return 0;
	case OPTION_SET:
		rm_argument_set(state, text, &wish->sets);
		return 0;
	case ARGP_KEY_END:
		finish(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, NULL, NULL, rm_start_children,
	NULL, NULL };

const struct argp_child rm_stages_children[] = { { &argp, 0, NULL, 0 }, { 0 } };

void rm_stages_wish_clear(struct rm_stages_wish *wish)
{
	json_decref(wish->maps);
	json_decref(wish->ids);
	for (size_t i = 0; i < RM_SETS_MAX; i++)
		free(wish->recalled[i]);
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

json_t *rm_stages_wish_members(const struct rm_stages_wish *wish)
{
	return json_pack("{s:s, s:O?, s:O?, s:s, s:I, s:I, s:o}", "kind",
	        wish->kind, "maps", wish->maps, "ids", wish->ids, "mode",
	        wish->mode, "seed", (json_int_t)wish->start.seed,
	        "budget_trials", (json_int_t)wish->budget, "set",
	        sets_to_json(&wish->sets));
}

static const char advice[] = "start anew (another -o DIR), or resume it as it "
                             "was begun";

static int differs(const char *what, const json_t *recorded, const json_t *now,
        struct rm_error *error)
{
	char *was = json_dumps(recorded, JSON_COMPACT | JSON_ENCODE_ANY);
	char *is = json_dumps(now, JSON_COMPACT | JSON_ENCODE_ANY);
	int result = rm_error_set(error, -EINVAL,
	        "it was begun with %s %.120s, now it is %.120s: %s", what,
	        was ? was : "?", is ? is : "?", advice);

	free(was);
	free(is);
	return result;
}

/* What was given anew against what stands; `given` is a reference taken, NULL:
   it was not. */
static int same(const char *what, const json_t *stages, const char *member,
        json_t *given, struct rm_error *error)
{
	const json_t *recorded = json_object_get(stages, member);
	int result = !given || json_equal(recorded, given)
	                     ? 0
	                     : differs(what, recorded, given, error);

	json_decref(given);
	return result;
}

/* Of copies: a split writes to its text. */
static int recall_sets(struct rm_stages_wish *wish, const json_t *recorded,
        struct rm_error *error)
{
	struct rm_sets *sets = &wish->sets;
	const json_t *text;
	size_t i;

	if (json_array_size(recorded) > RM_SETS_MAX)
		return rm_error_set(error, -EINVAL,
		        "stages.json: set: expected at most %d", RM_SETS_MAX);
	json_array_foreach (recorded, i, text) {
		char *copy = strdup(
		        json_is_string(text) ? json_string_value(text) : "");
		int failed;

		wish->recalled[i] = copy;
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

static int compare(const struct rm_stages_wish *wish, const json_t *stages,
        struct rm_error *error)
{
	int result =
	        same("kind", stages, "kind", json_string(wish->kind), error);

	if (!result)
		result = same(
		        "maps", stages, "maps", json_incref(wish->maps), error);
	if (!result)
		result = same(
		        "claims", stages, "ids", json_incref(wish->ids), error);
	if (!result)
		result = same("--mode", stages, "mode",
		        wish->mode ? json_string(wish->mode) : NULL, error);
	if (!result)
		result = same("--seed", stages, "seed",
		        wish->start.has_seed
		                ? json_integer((json_int_t)wish->start.seed)
		                : NULL,
		        error);
	if (!result)
		result = same("--budget", stages, "budget_trials",
		        wish->budget ? json_integer((json_int_t)wish->budget)
		                     : NULL,
		        error);
	if (!result)
		result = same("--set", stages, "set",
		        wish->sets.count ? sets_to_json(&wish->sets) : NULL,
		        error);
	return result;
}

int rm_stages_wish_recall(struct rm_stages_wish *wish, const json_t *stages,
        struct rm_error *error)
{
	int result = compare(wish, stages, error);

	if (result)
		return result;
	json_t *maps = json_object_get(stages, "maps");
	json_t *ids = json_object_get(stages, "ids");

	if (!wish->maps && json_is_array(maps))
		wish->maps = json_incref(maps);
	if (!wish->ids && json_is_array(ids))
		wish->ids = json_incref(ids);
	wish->mode = rm_json_text(stages, "mode");
	wish->start.seed = (uint64_t)rm_json_whole(stages, "seed");
	wish->start.has_seed = true;
	wish->budget = (uint64_t)rm_json_whole(stages, "budget_trials");
	return wish->sets.count
	               ? 0
	               : recall_sets(
	                         wish, json_object_get(stages, "set"), error);
}
