/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.c - `readmostly explore`: the program beside this one that has the
 * instrumented maps takes the line as it is. For a map that is named by its
 * file it is built first, from this tree.
 */
#include "runner/base/capture.h"
#include "runner/base/error.h"
#include "runner/base/host.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/impl_table.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where an argument that ends so stands in argv, or 0: none does. */
static int file_of(int argc, char **argv, const char *end)
{
	for (int i = 1; i < argc; i++) {
		size_t length = strlen(argv[i]), most = strlen(end);

		if (argv[i][0] != '-' && length > most &&
		        !strcmp(argv[i] + length - most, end))
			return i;
	}
	return 0;
}

/* Whether a map is named by a file that make need not be asked for: standard
   error then has what is wrong with it. */
static bool refused(int argc, char **argv)
{
	int file = file_of(argc, argv, ".c");
	int other = file_of(argc, argv, ".cc");

	if (!other)
		other = file_of(argc, argv, ".so");
	if (file && access(argv[file], R_OK)) {
		fprintf(stderr, "readmostly explore: %s: %s\n", argv[file],
		        strerror(errno));
		return true;
	}
	if (!file && other)
		fprintf(stderr,
		        "readmostly explore: %s: expected a file that ends "
		        "with .c: a map in C++ or a library is not explored; "
		        "`readmostly check` has it run with threads\n",
		        argv[other]);
	return !file && other;
}

/* Whether a map is named that no program of C has: standard error then says
   where it is, or what it lacks. */
static bool absent(int argc, char **argv)
{
	struct rm_error error = { "" };

	for (int i = 1; i < argc; i++)
		if (rm_impl_absent(argv[i], &error))
			return rm_complain("explore", &error, RM_USAGE);
	return false;
}

/* Builds `path`, build/CC/explored/ID/readmostly-explore; the map's id is the
   file's name. 0 or -errno; make has said why. */
static int build(const char *file, char *path, size_t size)
{
	char make[] = "make", silent[] = "-s", folder[PATH_MAX];
	char impl[PATH_MAX + 8], build_is[PATH_MAX + 8], out[PATH_MAX * 2];
	char maps[NAME_MAX + 16], *said = NULL;
	const char *slash = strrchr(file, '/'), *id = slash ? slash + 1 : file;
	int length = (int)strlen(id) - 2;
	char *argv[] = { make, silent, impl, build_is, out, maps, path, NULL };
	int status;

	rm_host_beside("", folder, sizeof(folder));
	folder[strlen(folder) - 1] = '\0';
	snprintf(impl, sizeof(impl), "IMPL=%s", file);
	snprintf(build_is, sizeof(build_is), "BUILD=%s", folder);
	snprintf(out, sizeof(out), "OUT=%s/explored/%.*s", folder, length, id);
	snprintf(maps, sizeof(maps), "SIM_MAPS=%.*s", length, id);
	snprintf(path, size, "%s/readmostly-explore", out + strlen("OUT="));
	status = rm_capture(argv, &said);
	free(said);
	return status;
}

int rm_cli_explore(int argc, char **argv)
{
	char path[PATH_MAX * 2 + 32];
	int file = file_of(argc, argv, ".c");

	if (refused(argc, argv) || absent(argc, argv))
		return RM_USAGE;
	if (!file) {
		rm_host_beside("readmostly-explore", path, sizeof(path));
	} else if (build(argv[file], path, sizeof(path))) {
		fprintf(stderr,
		        "readmostly explore: %s: not built; expected a map "
		        "(docs/adding-a-map.md) and to be in the source tree, "
		        "whose make compiles it\n",
		        argv[file]);
		return RM_USAGE;
	}
	execv(path, argv);
	fprintf(stderr,
	        "readmostly explore: %s: %s; `make` builds it beside this "
	        "program, but not with sanitizers\n",
	        path, strerror(errno));
	return RM_INCOMPLETE;
}
