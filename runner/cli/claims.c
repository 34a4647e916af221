/* SPDX-License-Identifier: Apache-2.0 */
/* claims.c - `readmostly dev claims`: runs the cells of claims. The report
   lists and decides claims. */
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/python.h"
#include "runner/cli/stages.h"

#include <string.h>
#include <unistd.h>

static const char *const modes[] = { "quick", "standard", "full", NULL };

static error_t parse_run(int key, char *text, struct argp_state *state)
{
	struct rm_stages_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = options;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->ids)
			options->ids = json_array();
		json_array_append_new(options->ids, json_string(text));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Parses argv, where argv[0] is "readmostly dev claims run". */
static int run(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse_run, "[ID...]",
		"Measures the cells that decide the claims with these ids, or "
		"all claims: the workloads of "
		"workloads/modes/claims-MODE.conf, in stages chosen by "
		"`python3 -m report next`. Cells that several claims share run "
		"once.\v"
		"Modes: quick, standard, full. Status: 0 done; 2 usage or "
		"input; 3 some trials have no result, or nothing could be "
		"decided; 75 interrupted, continue with --resume.",
		rm_stages_children, NULL, NULL };
	struct rm_stages_options options = {
		.command = "dev claims run", .kind = "claims", .modes = modes
	};

	rm_argument_parse(&argp, argc, argv, &options);
	options.interrupt_fd = rm_watch_signals();
	int status = rm_stages_run(&options);

	close(options.interrupt_fd);
	rm_stages_options_clear(&options);
	return status;
}

static const struct argp argp = { NULL, NULL,
	"list [OPTION...]\nshow ID [OPTION...]\nrun [ID...] [OPTION...]",
	"Published claims about maps, each with the experiment and the rule "
	"that decide it (workloads/claims/).\v"
	"  list   print all claims, one per line\n"
	"  show   print a claim: text, experiment, rule, verdict, and the "
	"command that repeats it\n"
	"  run    measure what decides them; see `claims run --help`",
	NULL, NULL, NULL };

int rm_cli_claims(int argc, char **argv)
{
	const char *subcommand = argc > 1 ? argv[1] : "";
	char name[] = "readmostly dev claims run";
	struct rm_error error = { 0 };

	if (!strcmp(subcommand, "list") || !strcmp(subcommand, "show"))
		return rm_python_exec_command(
		        "dev claims", "claims", argc, argv);
	if (!strcmp(subcommand, "run")) {
		argv[1] = name;
		return run(argc - 1, argv + 1);
	}
	if (!strcmp(subcommand, "--help") || !strcmp(subcommand, "-?") ||
	        !strcmp(subcommand, "--usage")) {
		argp_help(&argp, stdout, ARGP_HELP_STD_HELP, argv[0]);
		return RM_OK;
	}
	rm_error_set(&error, 0,
	        "\"%.80s\": expected list, show or run (%s --help)", subcommand,
	        argv[0]);
	return rm_print_error("dev claims", &error, RM_USAGE);
}
