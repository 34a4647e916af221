/* SPDX-License-Identifier: Apache-2.0 */
/* claims.c - `readmostly dev claims`: what is known of them is the report's, what
   decides them runs here. */
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/python.h"
#include "runner/cli/stages.h"

#include <string.h>
#include <unistd.h>

static const char *const modes[] = { "quick", "standard", "full", NULL };

static error_t parse_run(int key, char *text, struct argp_state *state)
{
	struct rm_stages_wish *wish = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = wish;
		return 0;
	case ARGP_KEY_ARG:
		if (!wish->ids)
			wish->ids = json_array();
		json_array_append_new(wish->ids, json_string(text));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argv[0] is "readmostly dev claims run". */
static int run(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse_run, "[ID...]",
		"Runs what decides the claims with these ids, or all of them: "
		"the workloads of workloads/modes/claims-MODE.conf, in stages "
		"that `python3 -m report next` asks for. Cells that several "
		"claims share run once.\v"
		"Modes: quick, standard, full. Status: 0 done; 2 usage or "
		"input; 3 some trials have no result, or nothing could be "
		"decided; 75 interrupted, go on with --resume.",
		rm_stages_children, NULL, NULL };
	struct rm_stages_wish wish = {
		.command = "claims run", .kind = "claims", .modes = modes
	};

	argp_parse(&argp, argc, argv, 0, NULL, &wish);
	wish.interrupt_fd = rm_watch_signals();
	int status = rm_stages_run(&wish);

	close(wish.interrupt_fd);
	rm_stages_wish_clear(&wish);
	return status;
}

/* list and show, with whatever they are asked. */
static int tell(int argc, char **argv)
{
	struct rm_question question = { .command = "claims",
		.words = { "claims" },
		.count = 1,
		.interrupt_fd = -1 };

	for (int i = 1; i < argc && question.count < RM_PYTHON_WORDS; i++)
		question.words[question.count++] = argv[i];
	return rm_python_become(&question);
}

static const struct argp argp = { NULL, NULL,
	"list [OPTION...]\nshow ID [OPTION...]\nrun [ID...] [OPTION...]",
	"Published claims about maps, each with the experiment and the rule "
	"that decide it (workloads/claims/).\v"
	"  list   all of them, one a line\n"
	"  show   one: its words, its experiment, its rule, its verdict, and "
	"the command that repeats it\n"
	"  run    runs what decides them; `claims run --help` has its options",
	NULL, NULL, NULL };

int rm_cli_claims(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char name[] = "readmostly dev claims run";
	struct rm_error error = { 0 };

	if (!strcmp(what, "list") || !strcmp(what, "show"))
		return tell(argc, argv);
	if (!strcmp(what, "run")) {
		argv[1] = name;
		return run(argc - 1, argv + 1);
	}
	if (!strcmp(what, "--help") || !strcmp(what, "-?") ||
	        !strcmp(what, "--usage")) {
		argp_help(&argp, stdout, ARGP_HELP_STD_HELP, argv[0]);
		return RM_OK;
	}
	rm_error_set(&error, 0,
	        "\"%.80s\": expected list, show or run (%s --help)", what,
	        argv[0]);
	return rm_complain("claims", &error, RM_USAGE);
}
