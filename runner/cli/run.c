/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `readmostly run`: runs a campaign, or resumes one. */
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_RESUME = 256, OPTION_MAPS };
enum { OPTION_SET = 512, OPTION_COUNTERS, OPTION_MODE, OPTION_ARMS };
enum { OPTION_NOTE = 768, OPTION_TOUCHED = 1024, OPTION_NEEDS };
enum { OPTION_CELLS_FROM = 2048, OPTION_NO_PAGE, OPTION_GROUP };

struct arguments {
	struct rm_run_options wishes;
	struct rm_arms arms;
	struct rm_start_options start;
	struct rm_sets sets;
	bool needs;
	bool no_page;
	char *group; /* value of --group, in the form of --counters; or NULL */
};

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "run workloads/modes/NAME.conf: smoke, quick, standard, full",
	        0 },
	{ "output", 'o', "DIR", 0,
	        "folder of the campaign (default: results/DATE-MODE-MACHINE)",
	        0 },
	{ "resume", OPTION_RESUME, NULL, 0,
	        "resume the campaign in DIR with its plan and seed", 0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "run only these of the workloads' maps: ids, globs, separated "
	        "by commas; ~GLOB excludes. To measure other maps: --set "
	        "maps=IDS",
	        0 },
	{ "set", OPTION_SET, "NAME|KEY=VALUE", 0,
	        "NAME: the workloads of a set (articles, claims, peers, "
	        "production) in the mode (default: quick). KEY=VALUE: append "
	        "this line to each workload; repeatable",
	        0 },
	{ "cells-from", OPTION_CELLS_FROM, "FILE", 0,
	        "only the cells with the ids in FILE, one per line", 0 },
	{ "counters", OPTION_COUNTERS, "BACKEND", 0,
	        "auto, likwid, perf, sim, replay:FILE or none (default: "
	        "auto)",
	        0 },
	{ "group", OPTION_GROUP, "NAMES", 0,
	        "count likwid's performance groups, e.g. L2,MEM, or your own; "
	        "the same as --counters likwid:group=NAMES",
	        0 },
	{ "touched", OPTION_TOUCHED, "IDS", 0,
	        "add these maps to the mode's workload `touched`", 0 },
	{ "needs", OPTION_NEEDS, NULL, 0,
	        "run nothing: print the map programs to build, as FLAVOUR/ID",
	        0 },
	{ "arms", OPTION_ARMS, "[WORKLOAD:]NAME=FILE[+SHARE%],...", 0,
	        "compare folders of map programs (or programs): each runs once "
	        "per block, one right after the other, with windows of equal "
	        "operations. Applies to one workload, or to all workloads "
	        "without arms; repeatable. +2%: run 2 % more operations than "
	        "reported",
	        0 },
	{ "no-page", OPTION_NO_PAGE, NULL, 0,
	        "print counts only, without the result and its page; also by "
	        "RM_PAGE=no in the environment",
	        0 },
	{ "note", OPTION_NOTE, "KEY=TEXT", 0,
	        "stored in campaign.json; repeatable", 0 },
	{ 0 },
};

static void parse_arms(const char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct rm_error error = { 0 };

	if (rm_arms_parse(&arguments->arms, text, &error))
		argp_error(state, "%s", error.text);
}

static void parse_note(char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	char *equals = strchr(text, '=');

	if (!equals || equals == text) {
		argp_error(state, "--note %s: expected KEY=TEXT", text);
		return;
	}
	*equals = '\0';
	if (json_object_set_new(
	            arguments->wishes.notes, text, json_string(equals + 1)))
		argp_error(state, "--note %s: expected UTF-8", text);
}

static void parse_group(const char *names, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (arguments->group ||
	        asprintf(&arguments->group, "likwid:group=%s", names) < 0)
		argp_error(state, "--group: expected only once; separate names "
		                  "by commas");
}

static void check_options(struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct rm_run_options *wishes = &arguments->wishes;
	struct rm_error error = { "" };

	if (arguments->group && wishes->counters)
		argp_error(state,
		        "--group and --counters: expected only one of them");
	if (wishes->resume && arguments->needs)
		argp_error(state,
		        "--needs and --resume: expected only one of them");
	if (arguments->group)
		wishes->counters = arguments->group;
	wishes->sources.overrides = arguments->sets.list;
	wishes->sources.override_count = arguments->sets.count;
	if (rm_sources_complete(&wishes->sources, &error))
		argp_error(state, "%s", error.text);
	if (wishes->sources.touched && !wishes->sources.mode)
		argp_error(state, "--touched needs --mode NAME");
	if (wishes->dir && !*wishes->dir)
		argp_error(state, "--output: empty, expected a folder");
	if (wishes->resume && !wishes->dir)
		argp_error(state, "--resume needs -o DIR");
	if (wishes->sources.override_count && !wishes->sources.mode &&
	        !wishes->sources.file_count)
		argp_error(state,
		        "--set needs --mode NAME or FILE; a resumed campaign "
		        "keeps the --set lines that it was started with");
	if (!wishes->resume && !wishes->sources.mode &&
	        !wishes->sources.file_count)
		argp_error(state, "nothing to run: expected workload files, "
		                  "--mode NAME or --set NAME");
}

/* Stores the text of an option that needs no parsing. Returns false for other
   options. */
static bool store_text(int key, const char *text, struct rm_run_options *wishes)
{
	const char **target = key == OPTION_MODE      ? &wishes->sources.mode
	                      : key == 'o'            ? &wishes->dir
	                      : key == OPTION_MAPS    ? &wishes->maps
	                      : key == OPTION_TOUCHED ? &wishes->sources.touched
	                      : key == OPTION_COUNTERS   ? &wishes->counters
	                      : key == OPTION_CELLS_FROM ? &wishes->cells_from
	                                                 : NULL;

	if (target)
		*target = text;
	return target != NULL;
}

/* Stores an option without a value. Returns false for other options. */
static bool set_flag(int key, struct arguments *arguments)
{
	bool *target = key == OPTION_RESUME    ? &arguments->wishes.resume
	               : key == OPTION_NEEDS   ? &arguments->needs
	               : key == OPTION_NO_PAGE ? &arguments->no_page
	                                       : NULL;

	if (target)
		*target = true;
	return target != NULL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct rm_run_options *wishes = &arguments->wishes;

	if (store_text(key, text, wishes) || set_flag(key, arguments))
		return 0;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->start;
		return 0;
	case OPTION_SET:
		if (strchr(text, '='))
			rm_parse_set(state, text, &arguments->sets);
		else
			rm_parse_set_name(state, text, &wishes->sources.set);
		return 0;
	case OPTION_ARMS:
		parse_arms(text, state);
		return 0;
	case OPTION_NOTE:
		parse_note(text, state);
		return 0;
	case OPTION_GROUP:
		parse_group(text, state);
		return 0;
	case ARGP_KEY_ARGS:
		wishes->sources.files = state->argv + state->next;
		wishes->sources.file_count =
		        (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_SUCCESS:
		check_options(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_needs(const struct rm_run_options *wishes)
{
	struct rm_inputs mode = { 0 };
	struct rm_catalog catalog = { 0 };
	struct rm_error error = { 0 };
	json_t *needs = NULL;
	const char *program;
	json_t *value;
	int result = rm_inputs_read(&wishes->sources, &mode, &error);

	if (!result)
		result = rm_catalog_load(NULL, &catalog, &error);
	if (!result)
		result = rm_find_needs(
		        &mode, &catalog, wishes->maps, &needs, &error);
	json_object_foreach (needs, program, value)
		puts(program);
	json_decref(needs);
	rm_catalog_clear(&catalog);
	rm_inputs_clear(&mode);
	if (!result)
		return RM_OK;
	fprintf(stderr, "readmostly run: %s\n", error.text);
	return rm_exit_status(result);
}

static int read_page_variable(bool *no_page)
{
	const char *page = getenv("RM_PAGE");

	*no_page = page && !strcmp(page, "no");
	if (!page || !page[0] || *no_page || !strcmp(page, "yes"))
		return 0;
	fprintf(stderr, "readmostly run: RM_PAGE=%.40s: expected no or yes\n",
	        page);
	return -EINVAL;
}

int rm_cli_run(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE...]",
		"Runs a campaign: every cell of the workloads in FILE... or of "
		"a mode, in seeded random rounds, each trial in a process of "
		"its own. A trial that is void, or was disturbed by other "
		"processes, is repeated at the end of its round (repeat-wait, "
		"repeat-most) until repeat-share is used up.\v"
		"Status: 0 done; 2 usage or input; 3 some cells failed or have "
		"no result, or the plan skips all; 75 interrupted, continue "
		"with --resume.",
		rm_start_children, NULL, NULL };
	struct arguments arguments = { 0 };

	if (read_page_variable(&arguments.no_page))
		return RM_USAGE;
	arguments.wishes.arms = &arguments.arms;
	arguments.wishes.notes = json_object();
	rm_argument_parse(&argp, argc, argv, &arguments);
	if (arguments.needs)
		return print_needs(&arguments.wishes);
	rm_start_apply(&arguments.start, &arguments.wishes);
	arguments.wishes.interrupt_fd = rm_watch_signals();
	const struct rm_run_output output = { .command = "run",
		.page = !arguments.no_page };
	bool complete;
	int status = rm_run_campaign(&arguments.wishes, &output, &complete);

	rm_arms_clear(&arguments.arms);
	json_decref(arguments.wishes.notes);
	free(arguments.group);
	close(arguments.wishes.interrupt_fd);
	return status;
}
