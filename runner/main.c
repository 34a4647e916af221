/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `readmostly COMMAND`: finds the command and hands over. */
#include "runner/base/build_info.h"
#include "runner/base/error.h"
#include "runner/cli/cli.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "list", "maps in this build; skipped ones with the reason",
	        rm_cli_list },
	{ "import", "a trace in a public format: made one of ours",
	        rm_cli_import },
	{ "plan", "what a workload file would run, and how long", rm_cli_plan },
	{ "replay", "a trace of operations: show, replay or record it",
	        rm_cli_replay },
	{ "run", "run a campaign, or resume one", rm_cli_run },
	{ "crossover", "where the ranking of two maps flips: a search",
	        rm_cli_crossover },
	{ "claims", "published claims: list, show, run what decides them",
	        rm_cli_claims },
	{ "advise", "which map for a workload, of what was measured",
	        rm_cli_advise },
	{ "reproduce", "a campaign again, here: replicated, opposite, unclear",
	        rm_cli_reproduce },
	{ "trial", "one cell: JSON in, JSON out", rm_cli_trial },
	{ "check", "correctness checks of one map or all", rm_cli_check },
	{ "explore", "a map under many schedules, each judged; simulated",
	        rm_cli_explore },
	{ "dump", "fills a map and prints what is inside", rm_cli_dump },
	{ "counters", "which counters work here, proved; why the rest does not",
	        rm_cli_counters },
	{ "doctor", "what disturbs measurement here, and how to change it",
	        rm_cli_doctor },
	{ "machine", "what this machine is", rm_cli_machine },
	{ "describe", "the keys of a workload file, or the schema of a cell",
	        rm_cli_describe },
	{ "sim-top", "the lines that cores take from each other: simulated",
	        rm_cli_sim_top },
	{ "sim-sensitivity", "bands of simulated counts over machines, guesses",
	        rm_cli_sim_sensitivity },
	{ "timeline", "one trial as a time line of what the map did inside",
	        rm_cli_timeline },
	{ "validate", "schema and completeness of a campaign",
	        rm_cli_validate },
	{ "verify-artifact", "what somebody packed: whole, complete, as told",
	        rm_cli_verify_artifact },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void usage(FILE *out)
{
	fprintf(out, "usage: readmostly COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-15s %s\n", commands[i].name,
		        commands[i].what);
	fprintf(out, "\n`readmostly COMMAND --help` explains a command; "
	             "`make bench` runs all that is needed.\n");
}

int main(int argc, char **argv)
{
	rm_cli_begin();
	if (argc < 2) {
		usage(stderr);
		return RM_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	        !strcmp(argv[1], "help")) {
		usage(stdout);
		return RM_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("readmostly %s (%.12s%s)\ncompiler: %s\n", RM_VERSION,
		        rm_build_commit, rm_build_dirty ? ", changed" : "",
		        rm_build_compiler);
		return RM_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		char name[64];

		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "readmostly %s", argv[1]);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "readmostly: no command \"%s\"\n\n", argv[1]);
	usage(stderr);
	return RM_USAGE;
}
