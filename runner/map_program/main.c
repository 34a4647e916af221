/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `ID COMMAND`: calls a command of a map program. */
#include "runner/base/error.h"
#include "runner/base/limits.h"
#include "runner/base/sanitized.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "describe", "print the map's description as one line of JSON",
	        rm_program_describe },
	{ "trial",
	        "run one cell: JSON in, JSON out "
	        "(docs/reference/trial-protocol.md)",
	        rm_program_trial },
	{ "record", "run a trial and record its operations",
	        rm_program_record },
	{ "timeline", "run a trial and write the map's events",
	        rm_program_timeline },
	{ "play", "replay a trace on the map", rm_program_play },
	{ "dump", "fill the map and print its inner state", rm_program_dump },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void usage(FILE *out)
{
	fprintf(out, "usage: %s COMMAND [ARGUMENTS]\n\n", rm_this_map.id);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name,
		        commands[i].help);
	fprintf(out, "\n`readmostly` starts this program.\n");
}

/* Prints an explanation if memory ran out. Without it, many maps end by abort()
   or SIGSEGV without a message. */
static void explain_crash(int number)
{
	static const char text[] = "crashed when no memory could be mapped: "
	                           "Cannot allocate memory\n";

	if (rm_limits_lack_memory() &&
	        write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(RM_INCOMPLETE);
	raise(number); /* ends the process, since SA_RESETHAND removed this
	                  handler */
}

/* Does nothing in a build with a sanitizer, which has its own handlers. */
static void install_handlers(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT };
	const struct sigaction action = { .sa_handler = explain_crash,
		.sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (!rm_sanitized())
			sigaction(crashes[i], &action, NULL);
}

int main(int argc, char **argv)
{
	rm_program_start();
	install_handlers();
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
		char name[RM_NAME_BYTES + 16];

		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "%s %s", rm_this_map.id, argv[1]);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	usage(argc > 1 && !strcmp(argv[1], "--help") ? stdout : stderr);
	return argc > 1 && !strcmp(argv[1], "--help") ? RM_OK : RM_USAGE;
}
