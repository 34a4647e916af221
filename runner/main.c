/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `readmostly COMMAND`: finds the command and calls it. */
#include "runner/base/build_info.h"
#include "runner/base/environment.h"
#include "runner/base/error.h"
#include "runner/base/nearest.h"
#include "runner/cli/cli.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "run", "run a campaign, or resume one", rm_cli_run },
	{ "plan", "print the cells of a workload file and the estimated time",
	        rm_cli_plan },
	{ "report", "write the page, tables and figures of a campaign",
	        rm_cli_report },
	{ "check", "check that a map is correct", rm_cli_check },
	{ "explore", "check a map under thousands of thread schedules",
	        rm_cli_explore },
	{ "compare", "compare campaigns of several machines", rm_cli_compare },
	{ "advise", "recommend a map for a workload, from a campaign's results",
	        rm_cli_advise },
	{ "publish", "write a campaign's entry for results/public",
	        rm_cli_publish },
	{ "env", "describe this machine, noise sources and counters",
	        rm_cli_env },
};

/* Commands that run as `readmostly dev NAME`. */
static const struct command dev_commands[] = {
	{ "list", "list the maps, and why others are not built", rm_cli_list },
	{ "describe", "list the keys of a workload file, or print the schema",
	        rm_cli_describe },
	{ "trial", "run one cell: JSON request in, JSON result out",
	        rm_cli_trial },
	{ "dump", "fill a map and print its internal structure", rm_cli_dump },
	{ "timeline", "run one trial and write a time line of the map's work",
	        rm_cli_timeline },
	{ "replay", "show, replay or record a trace of operations",
	        rm_cli_replay },
	{ "import", "convert a public trace", rm_cli_import },
	{ "crossover", "find the boundary where the faster of two maps changes",
	        rm_cli_crossover },
	{ "claims", "list, show and measure published claims", rm_cli_claims },
	{ "reproduce", "repeat a campaign on this machine, compare verdicts",
	        rm_cli_reproduce },
	{ "validate", "check schema and completeness of a campaign",
	        rm_cli_validate },
	{ "verify-artifact", "check an artifact's integrity and completeness",
	        rm_cli_verify_artifact },
	{ "sim-top", "simulate: cache lines most contended between cores",
	        rm_cli_sim_top },
	{ "sim-sensitivity", "simulate: vary the machine and the assumed costs",
	        rm_cli_sim_sensitivity },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static void usage(FILE *out)
{
	fprintf(out, "usage: readmostly COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i].name,
		        commands[i].summary);
	fprintf(out, "\n`readmostly COMMAND --help` explains a command, "
	             "`readmostly dev` lists more\ncommands. `make bench` "
	             "builds and runs everything that a first result needs.\n");
}

static void dev_usage(FILE *out)
{
	fprintf(out, "usage: readmostly dev COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COUNT(dev_commands); i++)
		fprintf(out, "  %-15s %s\n", dev_commands[i].name,
		        dev_commands[i].summary);
}

static const struct command *find(
        const struct command *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/* Calls a command. Its argv[0] is "readmostly COMMAND", with which its messages
   begin. */
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

static void print_unknown(const char *program, const char *name,
        const struct command *table, size_t count)
{
	struct rm_nearest nearest = { .word = name };

	for (size_t i = 0; i < count; i++)
		rm_nearest_offer(&nearest, table[i].name);
	fprintf(stderr, "%s: unknown command \"%s\"%s\n\n", program, name,
	        rm_nearest_hint(&nearest));
}

/* Rejects an unknown name. If a command was renamed, prints the new name. */
static int reject(const char *name)
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
	print_unknown("readmostly", name, commands, COUNT(commands));
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
	print_unknown(
	        "readmostly dev", argv[1], dev_commands, COUNT(dev_commands));
	dev_usage(stderr);
	return RM_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find(commands, COUNT(commands), name);

	rm_environment_clean();
	rm_program_start();
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
		return reject(name);
	usage(stderr);
	return RM_USAGE;
}
