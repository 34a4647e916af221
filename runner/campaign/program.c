/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/campaign/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Name of the build of its own that a measure needs, or NULL: this one. */
static const char *build_of(enum rm_measure measure)
{
	switch (measure) {
	case RM_MEASURE_CAUSES:
		return "readmostly-stats";
	case RM_MEASURE_SIMULATED:
		return "readmostly-sim";
	default:
		return NULL;
	}
}

const char *rm_program_of(enum rm_measure measure, char path[RM_PROGRAM_BYTES])
{
	const char *name = build_of(measure);
	ssize_t length;
	char *slash;

	if (!name)
		return NULL;
	length = readlink("/proc/self/exe", path, RM_PROGRAM_BYTES - 1);
	path[length < 0 ? 0 : length] = 0;
	slash = strrchr(path, '/');
	length = slash ? slash - path + 1 : 0;
	/* too long a path is one that does not exist: the launch says so */
	snprintf(path + length, RM_PROGRAM_BYTES - (size_t)length, "%s", name);
	return path;
}
