/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `readmostly COMMAND`: finds the command and hands over. */
#include "runner/base/build_info.h"
#include "runner/base/environment.h"
#include "runner/base/error.h"
#include "runner/base/nearest.h"
#include "runner/cli/cli.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name, *what;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "run", "run a campaign, or resume one", rm_cli_run },
	{ "plan", "what a workload file would run, and how long", rm_cli_plan },
	{ "report", "the page of a campaign, tables and figures",
	        rm_cli_report },
	{ "check", "is a map correct?", rm_cli_check },
	{ "explore", "a map under thousands of schedules, each judged",
	        rm_cli_explore },
	{ "compare", "campaigns of several machines next to each other",
	        rm_cli_compare },
	{ "advise", "which map for a workload, from what was measured",
	        rm_cli_advise },
	{ "env", "this machine, what disturbs measurement, counters",
	        rm_cli_env },
};

/* `readmostly dev NAME`. */
static const struct command dev_commands[] = {
	{ "list", "maps of this build; others with the reason", rm_cli_list },
	{ "describe", "the keys of a workload file, or the schema of a cell",
	        rm_cli_describe },
	{ "trial", "one cell: JSON in, JSON out", rm_cli_trial },
	{ "dump", "fill a map and print what is inside", rm_cli_dump },
	{ "timeline", "one trial as a time line of what the map did inside",
	        rm_cli_timeline },
	{ "replay", "a trace of operations: show, replay or record it",
	        rm_cli_replay },
	{ "import", "convert a public trace", rm_cli_import },
	{ "crossover", "search for where the ranking of two maps flips",
	        rm_cli_crossover },
	{ "claims", "published claims: list, show, run what decides them",
	        rm_cli_claims },
	{ "reproduce", "a campaign again, here: replicated, opposite, unclear",
	        rm_cli_reproduce },
	{ "validate", "schema and completeness of a campaign",
	        rm_cli_validate },
	{ "verify-artifact", "integrity and completeness of an artifact",
	        rm_cli_verify_artifact },
	{ "sim-top", "simulated: lines that cores take from each other",
	        rm_cli_sim_top },
	{ "sim-sensitivity", "simulated: counts over machines and guesses",
	        rm_cli_sim_sensitivity },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static void usage(FILE *out)
{
	fprintf(out, "usage: readmostly COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].what);
	fprintf(out,
	        "\n`readmostly COMMAND --help` explains a command, "
	        "`readmostly dev` lists the others;\n`make bench` runs all "
	        "that is needed.\n");
}

static void dev_usage(FILE *out)
{
	fprintf(out, "usage: readmostly dev COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COUNT(dev_commands); i++)
		fprintf(out, "  %-15s %s\n", dev_commands[i].name,
		        dev_commands[i].what);
}

static const struct command *find(
        const struct command *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/* argv[0] of a command is "readmostly COMMAND", for its messages. */
static int call(
        const struct command *command, const char *group, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "readmostly %s%s", group, command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

static int print_version(void)
{
	printf("readmostly %s (%.12s%s)\ncompiler: %s\n", RM_VERSION,
	        rm_build_commit,
	        rm_build_dirty == 1  ? ", changed"
	        : rm_build_dirty < 0 ? ", not checked for changes"
	                             : "",
	        rm_build_compiler);
	return RM_OK;
}

static void no_command(const char *program, const char *name,
        const struct command *table, size_t count)
{
	struct rm_nearest nearest = { .word = name };

	for (size_t i = 0; i < count; i++)
		rm_nearest_offer(&nearest, table[i].name);
	fprintf(stderr, "%s: no command \"%s\"%s\n\n", program, name,
	        rm_nearest_hint(&nearest));
}

/* An old spelling is refused with the new one. */
static int refuse(const char *name)
{
	static const char *const parts[] = { "machine", "doctor", "counters" };

	for (size_t i = 0; i < COUNT(parts); i++)
		if (!strcmp(name, parts[i])) {
			fprintf(stderr,
			        "readmostly: `%s` is now `readmostly env "
			        "%s`\n",
			        name, name);
			return RM_USAGE;
		}
	if (find(dev_commands, COUNT(dev_commands), name)) {
		fprintf(stderr, "readmostly: `%s` is now `readmostly dev %s`\n",
		        name, name);
		return RM_USAGE;
	}
	no_command("readmostly", name, commands, COUNT(commands));
	usage(stderr);
	return RM_USAGE;
}

static int dev(int argc, char **argv)
{
	const struct command *command =
	        argc > 1 ? find(dev_commands, COUNT(dev_commands), argv[1])
	                 : NULL;

	if (command)
		return call(command, "dev ", argc - 1, argv + 1);
	if (argc == 1 || !strcmp(argv[1], "--help")) {
		dev_usage(stdout);
		return RM_OK;
	}
	no_command(
	        "readmostly dev", argv[1], dev_commands, COUNT(dev_commands));
	dev_usage(stderr);
	return RM_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find(commands, COUNT(commands), name);

	rm_environment_clean();
	rm_cli_begin();
	if (command)
		return call(command, "", argc - 1, argv + 1);
	if (!strcmp(name, "dev"))
		return dev(argc - 1, argv + 1);
	if (!strcmp(name, "--version"))
		return print_version();
	if (!strcmp(name, "--help") || !strcmp(name, "-h") ||
	        !strcmp(name, "help")) {
		usage(stdout);
		return RM_OK;
	}
	if (argc > 1)
		return refuse(name);
	usage(stderr);
	return RM_USAGE;
}
