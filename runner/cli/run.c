/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `readmostly run`: a campaign, or the rest of one. */
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_RESUME = 256, OPTION_MAPS };
enum { OPTION_SET = 512, OPTION_COUNTERS, OPTION_MODE, OPTION_ARMS };
enum { OPTION_NOTE = 768, OPTION_TOUCHED = 1024, OPTION_NEEDS };
enum { OPTION_CELLS_FROM = 2048, OPTION_NO_PAGE };

/* The command line. */
struct line {
	struct rm_wishes wishes;
	struct rm_arms arms;
	struct rm_start start;
	struct rm_sets sets;
	bool needs;
	bool no_page;
};

static const struct argp_option options[] = {
	{ "mode", OPTION_MODE, "NAME", 0,
	        "run workloads/modes/NAME.conf: smoke, quick, standard, full",
	        0 },
	{ "output", 'o', "DIR", 0,
	        "the campaign's folder (default: results/DATE-MODE-MACHINE)",
	        0 },
	{ "resume", OPTION_RESUME, NULL, 0,
	        "go on with the campaign in DIR: its plan, its seed", 0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "only these maps: ids, globs, ~globs, separated by commas", 0 },
	{ "set", OPTION_SET, "NAME|KEY=VALUE", 0,
	        "NAME: the workloads of a set (articles, claims, peers, "
	        "production) in the mode, quick unless named. KEY=VALUE: a "
	        "line that every workload gets at its end; may be repeated",
	        0 },
	{ "cells-from", OPTION_CELLS_FROM, "FILE", 0,
	        "only the cells whose ids stand in FILE, one a line", 0 },
	{ "counters", OPTION_COUNTERS, "BACKEND", 0,
	        "auto, likwid, perf, sim, replay:FILE or none (default: "
	        "auto)",
	        0 },
	{ "touched", OPTION_TOUCHED, "IDS", 0,
	        "the maps of the mode's workload `touched`, beside its base",
	        0 },
	{ "needs", OPTION_NEEDS, NULL, 0,
	        "run nothing: print which map programs must be built, as "
	        "FLAVOUR/ID",
	        0 },
	{ "arms", OPTION_ARMS, "[WORKLOAD:]NAME=FILE[+SHARE%],...", 0,
	        "folders of map programs (or programs) to be compared, each "
	        "once per block, one right after "
	        "the other, with windows of equal operations: those of one "
	        "workload, or of all that have none of their own; may be "
	        "repeated. +2%: it does so many more operations than it says",
	        0 },
	{ "no-page", OPTION_NO_PAGE, NULL, 0,
	        "end with counts, without the result and its page; so does "
	        "RM_PAGE=no in the environment",
	        0 },
	{ "note", OPTION_NOTE, "KEY=TEXT", 0,
	        "kept in campaign.json; may be repeated", 0 },
	{ 0 },
};

static void parse_arms(const char *text, struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_error error = { 0 };

	if (rm_arms_parse(&line->arms, text, &error))
		argp_error(state, "%s", error.text);
}

static void parse_note(char *text, struct argp_state *state)
{
	struct line *line = state->input;
	char *equals = strchr(text, '=');

	if (!equals || equals == text) {
		argp_error(state, "--note %s: expected KEY=TEXT", text);
		return;
	}
	*equals = '\0';
	if (json_object_set_new(
	            line->wishes.notes, text, json_string(equals + 1)))
		argp_error(state, "--note %s: expected UTF-8", text);
}

static void finish(struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;
	struct rm_error error = { "" };

	wishes->sources.overrides = line->sets.list;
	wishes->sources.override_count = line->sets.count;
	if (rm_sources_settle(&wishes->sources, &error))
		argp_error(state, "%s", error.text);
	if (wishes->sources.touched && !wishes->sources.mode)
		argp_error(state, "--touched: expected --mode NAME, too");
	if (wishes->resume && !wishes->dir)
		argp_error(state, "--resume: expected -o DIR, too");
	if (wishes->sources.override_count && !wishes->sources.mode &&
	        !wishes->sources.file_count)
		argp_error(state, "--set: expected --mode NAME or FILE, too: "
		                  "a resume without has its own lines");
	if (!wishes->resume && !wishes->sources.mode &&
	        !wishes->sources.file_count)
		argp_error(state, "nothing to run: expected workload files, "
		                  "--mode NAME or --set NAME");
}

/* Options that are kept as they are. */
static bool keep(int key, const char *text, struct rm_wishes *wishes)
{
	const char **place = key == OPTION_MODE       ? &wishes->sources.mode
	                     : key == 'o'             ? &wishes->dir
	                     : key == OPTION_MAPS     ? &wishes->maps
	                     : key == OPTION_TOUCHED  ? &wishes->sources.touched
	                     : key == OPTION_COUNTERS ? &wishes->counters
	                     : key == OPTION_CELLS_FROM ? &wishes->cells_from
	                                                : NULL;

	if (place)
		*place = text;
	return place != NULL;
}

/* Options without an argument. */
static bool set_flag(int key, struct line *line)
{
	bool *place = key == OPTION_RESUME    ? &line->wishes.resume
	              : key == OPTION_NEEDS   ? &line->needs
	              : key == OPTION_NO_PAGE ? &line->no_page
	                                      : NULL;

	if (place)
		*place = true;
	return place != NULL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;

	if (keep(key, text, wishes) || set_flag(key, line))
		return 0;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &line->start;
		return 0;
	case OPTION_SET:
		if (strchr(text, '='))
			rm_argument_set(state, text, &line->sets);
		else
			wishes->sources.set = text;
		return 0;
	case OPTION_ARMS:
		parse_arms(text, state);
		return 0;
	case OPTION_NOTE:
		parse_note(text, state);
		return 0;
	case ARGP_KEY_ARGS:
		wishes->sources.files = state->argv + state->next;
		wishes->sources.file_count =
		        (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_SUCCESS:
		finish(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* FLAVOUR/ID, which make builds. The plain program is always needed: it verifies
   the map before anything is measured. */
static void print_need(
        const char *map, enum rm_measure measure, const char *flavour)
{
	(void)measure;
	printf("plain/%s\n", map);
	if (strcmp(flavour, "plain"))
		printf("%s/%s\n", flavour, map);
}

static int print_needs(const struct rm_wishes *wishes)
{
	struct rm_inputs mode = { 0 };
	struct rm_catalog catalog = { 0 };
	struct rm_error error = { 0 };
	int result = rm_inputs_read(&wishes->sources, &mode, &error);

	if (!result)
		result = rm_catalog_load(NULL, &catalog, &error);
	if (!result)
		result = rm_plan_needs(mode.workloads, mode.workload_count,
		        &catalog, wishes->maps, print_need, &error);
	rm_catalog_clear(&catalog);
	rm_inputs_clear(&mode);
	if (!result)
		return RM_OK;
	fprintf(stderr, "readmostly run: %s\n", error.text);
	return rm_status_of(result);
}

int rm_cli_run(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE...]",
		"Runs a campaign: every cell of the workloads in FILE... or of "
		"a mode, in seeded random rounds, each trial in a process of "
		"its own. One that others disturbed, or that is void, runs "
		"again at the end of its round (repeat-wait, repeat-most), "
		"while there are fewer repeats than repeat-share allows.\v"
		"Status: 0 done; 2 usage or input; 3 some cells have "
		"no result; 75 interrupted, go on with --resume.",
		rm_start_children, NULL, NULL };
	const char *page = getenv("RM_PAGE");
	struct line line = { .no_page = page && !strcmp(page, "no") };

	line.wishes.arms = &line.arms;
	line.wishes.notes = json_object();
	argp_parse(&argp, argc, argv, 0, NULL, &line);
	if (line.needs)
		return print_needs(&line.wishes);
	rm_start_wishes(&line.start, &line.wishes);
	line.wishes.interrupt_fd = rm_watch_signals();
	/* a run with arms is that of a gate, which has a page of its own */
	const struct rm_telling telling = { .command = "run",
		.page = !line.no_page && !line.arms.count };
	bool whole;
	int status = rm_run_campaign(&line.wishes, &telling, &whole);

	rm_arms_clear(&line.arms);
	json_decref(line.wishes.notes);
	close(line.wishes.interrupt_fd);
	return status;
}
