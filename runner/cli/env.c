/* SPDX-License-Identifier: Apache-2.0 */
/* env.c - `readmostly env`: describes this machine, its sources of noise, and
   its working counters. */
#include "runner/base/nearest.h"
#include "runner/cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct part {
	const char *name, *title;
	int (*run)(int argc, char **argv);
} parts[] = {
	{ "machine", "This machine", rm_cli_machine },
	{ "doctor", "Noise sources", rm_cli_doctor },
	{ "counters", "Hardware counters", rm_cli_counters },
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static void usage(FILE *out)
{
	fprintf(out, "usage: readmostly env [machine|doctor|counters "
	             "[OPTION...]]\n\nWithout arguments, runs all three in "
	             "turn. `readmostly env PART --help` explains one.\n");
}

static int run_all(void)
{
	int worst = RM_OK;

	for (size_t i = 0; i < PARTS; i++) {
		char name[] = "readmostly env", *argv[] = { name, NULL };
		int status;

		printf("%s## %s\n\n", i ? "\n" : "", parts[i].title);
		status = parts[i].run(1, argv);
		worst = status > worst ? status : worst;
	}
	return worst;
}

int rm_cli_env(int argc, char **argv)
{
	char name[32];

	if (argc == 1)
		return run_all();
	struct rm_nearest nearest = { .word = argv[1] };
	const int help = !strcmp(argv[1], "--help");

	for (size_t i = 0; i < PARTS; i++) {
		rm_nearest_offer(&nearest, parts[i].name);
		if (!strcmp(argv[1], parts[i].name)) {
			snprintf(name, sizeof(name), "readmostly env %s",
			        parts[i].name);
			argv[1] = name;
			return parts[i].run(argc - 1, argv + 1);
		}
	}
	if (!help)
		fprintf(stderr, "readmostly env: unknown command \"%s\"%s\n\n",
		        argv[1], rm_nearest_hint(&nearest));
	usage(help ? stdout : stderr);
	return help ? RM_OK : RM_USAGE;
}
