/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `readmostly run`: a campaign, or the rest of one. */
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_RESUME = 256, OPTION_SEED, OPTION_MAPS };
enum { OPTION_SET = 512, OPTION_COUNTERS, OPTION_MODE, OPTION_ARMS };
enum { OPTION_NOTE = 768, OPTION_TOUCHED = 1024, OPTION_NEEDS };
enum { OPTION_BUSY_OK = 2048, OPTION_WAIT_IDLE, OPTION_CELLS_FROM };

/* The command line. */
struct line {
	struct rm_wishes wishes;
	struct rm_arms arms;
	uint64_t seed;
	struct rm_sets sets;
	bool needs;
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
	{ "seed", OPTION_SEED, "N", 0,
	        "of order, keys and operations, 0 .. 2^53 - 1 (default: "
	        "random)",
	        0 },
	{ "maps", OPTION_MAPS, "IDS", 0,
	        "only these maps: ids, globs, ~globs, separated by commas", 0 },
	{ "set", OPTION_SET, "KEY=VALUE", 0,
	        "a line that every workload gets at its end; may be repeated",
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
	        "run nothing: print which maps must be built, and for which "
	        "program: plain, stats or sim",
	        0 },
	{ "arms", OPTION_ARMS, "[WORKLOAD:]NAME=FILE[+SHARE%],...", 0,
	        "programs to be compared, each once per block, one right after "
	        "the other, with windows of equal operations: those of one "
	        "workload, or of all that have none of their own; may be "
	        "repeated. +2%: it does so many more operations than it says",
	        0 },
	{ "busy-ok", OPTION_BUSY_OK, NULL, 0,
	        "do not warn where others work on this machine; what was found "
	        "is in campaign.json all the same",
	        0 },
	{ "wait-idle", OPTION_WAIT_IDLE, "S", 0,
	        "wait until nobody does, at most S seconds, and start nothing "
	        "if they go on",
	        0 },
	{ "note", OPTION_NOTE, "KEY=TEXT", 0,
	        "kept in campaign.json; may be repeated", 0 },
	{ 0 },
};

static uint64_t parse_seed(const char *text, struct argp_state *state)
{
	char *end;

	errno = 0;
	unsigned long long seed = strtoull(text, &end, 10);

	if (errno || *end || text[0] < '0' || text[0] > '9' || seed >> 53)
		argp_error(state, "--seed %s: expected an integer 0 .. 2^53-1",
		        text);
	return seed;
}

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
	json_object_set_new(line->wishes.notes, text, json_string(equals + 1));
}

static unsigned parse_seconds(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (*end || text[0] < '0' || text[0] > '9' || !seconds ||
	        seconds > 86400)
		argp_error(state,
		        "--wait-idle %s: expected seconds, 1 to 86400", text);
	return (unsigned)seconds;
}

static void finish(struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;

	wishes->sources.overrides = line->sets.list;
	wishes->sources.override_count = line->sets.count;
	if (wishes->sources.mode && wishes->sources.file_count)
		argp_error(state, "--mode and FILE: expected one of them");
	if (wishes->sources.touched && !wishes->sources.mode)
		argp_error(state, "--touched: expected --mode NAME, too");
	if (wishes->resume && !wishes->dir)
		argp_error(state, "--resume: expected -o DIR, too");
	if (!wishes->resume && !wishes->sources.mode &&
	        !wishes->sources.file_count)
		argp_error(state, "nothing to run: expected workload files or "
		                  "--mode NAME");
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

/* What to do where others work here. */
static bool keep_busy(int key, const char *text, struct argp_state *state)
{
	struct line *line = state->input;

	if (key == OPTION_BUSY_OK)
		line->wishes.busy_ok = true;
	else if (key == OPTION_WAIT_IDLE)
		line->wishes.wait_idle_s = parse_seconds(text, state);
	else
		return false;
	return true;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct line *line = state->input;
	struct rm_wishes *wishes = &line->wishes;

	if (keep(key, text, wishes) || keep_busy(key, text, state))
		return 0;
	switch (key) {
	case OPTION_RESUME:
		wishes->resume = true;
		return 0;
	case OPTION_SEED:
		line->seed = parse_seed(text, state);
		wishes->seed = &line->seed;
		return 0;
	case OPTION_SET:
		rm_argument_set(state, text, &line->sets);
		return 0;
	case OPTION_NEEDS:
		line->needs = true;
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

/* PROGRAM MAP, from which runner/bench.sh builds. The plain program needs every
   map, since it verifies each before anything is measured. */
static void print_need(const char *map, enum rm_measure measure, unsigned sized)
{
	printf("plain %s\n", map);
	if (sized)
		printf("x%u %s\n", sized, map);
	if (measure == RM_MEASURE_CAUSES)
		printf("stats %s\n", map);
	if (measure == RM_MEASURE_SIMULATED)
		printf("sim %s\n", map);
}

static int print_needs(const struct rm_wishes *wishes)
{
	struct rm_inputs mode = { 0 };
	struct rm_error error = { 0 };
	int result = rm_inputs_read(&wishes->sources, &mode, &error);

	if (!result)
		result = rm_plan_needs(mode.workloads, mode.workload_count,
		        wishes->maps, print_need, &error);
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
		"a mode, in seeded random blocks, each trial in a process of "
		"its own. One that others disturbed, or that is void, runs "
		"again at the end of its block (repeat-wait, repeat-most), "
		"while there are fewer repeats than repeat-share allows.\v"
		"Status: 0 done; 2 usage or input; 3 some cells have "
		"no result; 75 interrupted, go on with --resume.",
		NULL, NULL, NULL };
	struct line line = { 0 };
	const struct rm_telling telling = { .command = "run" };

	line.wishes.arms = &line.arms;
	line.wishes.find_machine = rm_find_machine;
	line.wishes.notes = json_object();
	argp_parse(&argp, argc, argv, 0, NULL, &line);
	if (line.needs)
		return print_needs(&line.wishes);
	/* tests play trials with another program */
	line.wishes.program = getenv("RM_TRIAL_PROGRAM");
	line.wishes.interrupt_fd = rm_watch_signals();
	bool whole;
	int status = rm_run_campaign(&line.wishes, &telling, &whole);

	rm_arms_clear(&line.arms);
	json_decref(line.wishes.notes);
	close(line.wishes.interrupt_fd);
	return status;
}
