/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - `readmostly-sim COMMAND`: the maps on the simulated machine.
 *
 * A program of its own, because its maps are other objects than readmostly's:
 * instrumented, and linked with a C library that is simulated.
 */
#include "runner/base/build_info.h"
#include "runner/base/error.h"
#include "runner/cli/cli.h"
#include "runner/sim/program/internal.h"

#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
	fprintf(out,
	        "usage: readmostly-sim COMMAND\n\n"
	        "  trial      one cell on the simulated machine: JSON in, "
	        "JSON out\n"
	        "  maps       which maps can be simulated, and why the "
	        "others cannot\n"
	        "\nCounts are of a model (docs/simulated-machine.md), never "
	        "of this computer.\n");
}

/* One line per map: `ID yes`, `ID no REASON`. `readmostly list` reads it. */
static int print_maps(void)
{
	for (size_t i = 0; i < rm_sim_verdict_count; i++) {
		const struct rm_sim_verdict *verdict = &rm_sim_verdicts[i];

		printf("%s %s%s\n", verdict->id,
		        verdict->reason ? "no " : "yes",
		        verdict->reason ? verdict->reason : "");
	}
	return fflush(stdout) || ferror(stdout) ? RM_INCOMPLETE : RM_OK;
}

int main(int argc, char **argv)
{
	/* by this name the shared command speaks of itself in its errors */
	static char trial[] = "readmostly-sim trial";

	rm_cli_begin();
	if (argc < 2) {
		usage(stderr);
		return RM_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return RM_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("readmostly-sim %s (%.12s%s)\ncompiler: %s\n",
		        RM_VERSION, rm_build_commit,
		        rm_build_dirty ? ", changed" : "", rm_build_compiler);
		return RM_OK;
	}
	if (!strcmp(argv[1], "maps") && argc == 2)
		return print_maps();
	if (!strcmp(argv[1], "trial")) {
		argv[1] = trial;
		return rm_cli_trial(argc - 1, argv + 1);
	}
	fprintf(stderr, "readmostly-sim: no command \"%s\"\n\n", argv[1]);
	usage(stderr);
	return RM_USAGE;
}
