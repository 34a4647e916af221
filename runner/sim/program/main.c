/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - `ID trial` of a program of flavour sim: runs the map on the
 * simulated machine. The map's object is instrumented, and linked with a
 * simulated C library.
 */
#include "runner/base/error.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	/* command name for error messages */
	static char trial[] = "trial";

	rm_program_start();
	if (argc == 2 && !strcmp(argv[1], trial))
		return rm_program_trial(argc - 1, argv + 1);
	fprintf(stderr,
	        "usage: %s trial\n\nOne cell on the simulated machine: JSON "
	        "in, JSON out. Counts are of a model\n"
	        "(docs/method/simulator.md), never of this computer.\n",
	        rm_this_map.id);
	return RM_USAGE;
}
