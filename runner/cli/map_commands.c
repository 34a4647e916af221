/* SPDX-License-Identifier: Apache-2.0 */
/* map_commands.c - `readmostly check`, `explore` and `dump`: runs the same
   command line in the program of the map. For "all", runs the programs of all
   maps one after another. */
#include "runner/base/capture.h"
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/base/host.h"
#include "runner/base/limits.h"
#include "runner/base/nearest.h"
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && !strcmp(text + length - end_length, end);
}

/* Returns the position of the first argument that equals `text` or ends with
   `end`; 0: no such argument. */
static int find_argument(
        int argc, char **argv, const char *text, const char *end)
{
	for (int i = 1; i < argc; i++) {
		if (text && !strcmp(argv[i], text))
			return i;
		if (end && argv[i][0] != '-' && ends_with(argv[i], end))
			return i;
	}
	return 0;
}

/* Returns the position of the argument that is a map's id; 0: no such
   argument. */
static int find_map(int argc, char **argv, const struct rm_catalog *catalog)
{
	for (int i = 1; i < argc; i++)
		if (rm_catalog_find(catalog, argv[i]) ||
		        rm_catalog_name(catalog, argv[i]))
			return i;
	return 0;
}

/* Chooses the flavour of the program for --shape. Values above 24 bytes need
   separate programs (docs/adr/0030). Every program supports strings of all
   lengths. */
static void choose_flavour(
        const char *base, int argc, char **argv, char flavour[RM_NAME_BYTES])
{
	struct rm_cell cell = { .measure = RM_MEASURE_THROUGHPUT };
	const char *shape = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--shape=", 8))
			shape = argv[i] + 8;
		else if (!strcmp(argv[i], "--shape") || !strcmp(argv[i], "-S"))
			shape = argv[i + 1];
	}
	/* the program reports an invalid shape */
	if (!shape || rm_factor_read(RM_KEY_SHAPE, shape, &cell) ||
	        cell.str_bytes || !rm_cell_size_class(&cell))
		snprintf(flavour, RM_NAME_BYTES, "%s", base);
	else
		snprintf(flavour, RM_NAME_BYTES, "%s%s%s",
		        strcmp(base, "plain") ? base : "",
		        strcmp(base, "plain") ? "-" : "",
		        rm_cell_flavour(&cell));
}

/* Replaces this process by the program. Returns only after a failure, and then
   prints how to build the program. `file` is the map's source, or NULL. */
static int exec_program(
        const char *command, const char *path, char **argv, const char *file)
{
	const bool outside = file && strncmp(file, "impls/", 6) != 0;
	const char *maps;
	int failed = rm_program_check(path);

	if (!failed) {
		execv(path, argv);
		failed = -errno;
	}
	maps = strstr(path, "/maps/");
	fprintf(stderr, "readmostly %s: %s: %s; build it by `make", command,
	        path, rm_file_reason(failed));
	if (maps)
		fprintf(stderr, " programs NEEDED=%s", maps + strlen("/maps/"));
	fprintf(stderr, "%s%s`\n", outside ? " IMPL=" : "",
	        outside ? file : "");
	return RM_USAGE;
}

/* True for maps that "all" selects: maps in C or C++ without an injected
   bug. */
static bool in_all(const struct rm_map_info *info)
{
	return !info->misuse && !info->language;
}

struct totals {
	unsigned ok, failed, skipped, not_run;
	int status; /* the highest exit status */
};

/* Forwards a program's output, except the line with the totals of `check`. Adds
   these totals to `totals`. */
static void forward_output(FILE *from, struct totals *totals)
{
	unsigned ok, failed, skipped, not_run;
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, from) > 0) {
		not_run = 0;
		if (sscanf(line,
		            "check: %u ok, %u failed, %u skipped, %u not run",
		            &ok, &failed, &skipped, &not_run) < 3) {
			fputs(line, stdout);
			fflush(stdout);
			continue;
		}
		totals->ok += ok;
		totals->failed += failed;
		totals->skipped += skipped;
		totals->not_run += not_run;
	}
	free(line);
}

/* Counts a map whose program could not finish, but not because of a bug in the
   map. */
static int count_not_run(const char *id, const char *why, struct totals *totals)
{
	char memory[RM_LIMIT_ADVICE_BYTES], tasks[RM_LIMIT_ADVICE_BYTES];
	struct rm_limits limits;

	rm_limits_read(&limits);
	printf("open %s: not run: %s: memory: %s; threads: %s\n", id, why,
	        rm_limit_advice(&limits.memory, memory),
	        rm_limit_advice(&limits.tasks, tasks));
	totals->not_run++;
	return RM_INCOMPLETE;
}

/* Runs one map's program for "all" and returns its exit status. */
static int run_map_program(
        const char *id, const char *path, char **argv, struct totals *totals)
{
	int pipe_fds[2], status;
	pid_t child;
	FILE *from;

	fflush(NULL);
	if (pipe(pipe_fds))
		return count_not_run(id, strerror(errno), totals);
	child = fork();
	if (!child) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		execv(path, argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	from = fdopen(pipe_fds[0], "r");
	if (from) {
		forward_output(from, totals);
		fclose(from);
	}
	/* 127: execv() failed, or the program's library is missing */
	if (child < 0 || waitpid(child, &status, 0) < 0 ||
	        (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		return count_not_run(
		        id, "its program could not be started", totals);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return count_not_run(id, "its program was killed", totals);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= RM_INCOMPLETE)
		return WEXITSTATUS(status);
	printf("FAIL %s: its program ended by %s %d\n", id,
	        WIFEXITED(status) ? "status" : "signal",
	        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	totals->failed++;
	return RM_FAILED;
}

static void run_all(const char *flavour, char **argv,
        const struct rm_catalog *catalog, struct totals *totals)
{
	char path[RM_PROGRAM_BYTES], why[256];

	for (size_t i = 0; i < catalog->count; i++) {
		const struct rm_map_info *info = &catalog->maps[i];
		int status;

		if (!in_all(info))
			continue;
		rm_map_program(flavour, info->id, path);
		if (rm_map_has_program(flavour, info->id, why, sizeof(why))) {
			status = run_map_program(info->id, path, argv, totals);
		} else if (rm_program_check(path) == -ENOEXEC) {
			printf("open %s: not run: it %s\n", info->id, why);
			totals->not_run++;
			status = RM_INCOMPLETE;
		} else {
			printf("skip %s: %s\n", info->id, why);
			totals->skipped++;
			continue;
		}
		if (status == RM_USAGE || status == RM_FAILED ||
		        totals->status == RM_OK)
			totals->status = status;
		if (status == RM_USAGE)
			return;
	}
}

static int check_all(
        const char *flavour, char **argv, const struct rm_catalog *catalog)
{
	struct totals totals = { .status = RM_OK };

	run_all(flavour, argv, catalog, &totals);
	if (totals.status == RM_USAGE)
		return RM_USAGE;
	printf("check: %u ok, %u failed, %u skipped", totals.ok, totals.failed,
	        totals.skipped);
	if (totals.not_run)
		printf(", %u not run", totals.not_run);
	printf("\n");
	if (!totals.ok && !totals.failed)
		fprintf(stderr, "readmostly check: nothing was checked\n");
	return totals.failed                  ? RM_FAILED
	       : totals.ok && !totals.not_run ? RM_OK
	                                      : RM_INCOMPLETE;
}

static int explore_all(char **argv, const struct rm_catalog *catalog)
{
	struct totals totals = { .status = RM_OK };

	run_all("explore", argv, catalog, &totals);
	return totals.status;
}

/* Returns the path of any program of this flavour, or NULL. All programs parse
   the command line in the same way. */
static const char *any_program(const char *flavour,
        const struct rm_catalog *catalog, char path[RM_PROGRAM_BYTES])
{
	if (!rm_program_check(rm_map_program(flavour, "library", path)))
		return path;
	for (size_t i = 0; i < catalog->count; i++)
		if (!catalog->maps[i].language &&
		        !rm_program_check(rm_map_program(
		                flavour, catalog->maps[i].id, path)))
			return path;
	return NULL;
}

/* True if the word is similar to the id of a map. */
static bool is_misspelled(const char *word, const struct rm_catalog *catalog)
{
	struct rm_nearest nearest = { .word = word };

	for (size_t i = 0; i < catalog->name_count; i++)
		rm_nearest_offer(&nearest, catalog->names[i].id);
	return rm_nearest_hint(&nearest)[0];
}

static bool wants_help(int argc, char **argv)
{
	return find_argument(argc, argv, "--help", NULL) ||
	       find_argument(argc, argv, "--usage", NULL) ||
	       find_argument(argc, argv, "-?", NULL);
}

/* Prints a short help. Used if no program is built that could print its
   options. */
static int print_help(const char *command, const char *flavour)
{
	printf("Usage: readmostly %s [OPTION...] MAP\n"
	       "MAP is an id that `readmostly dev list` prints. The options "
	       "are printed by a map's program:\n\n"
	       "    make programs NEEDED=%s/gomap_rw\n"
	       "    readmostly %s --help\n\n"
	       "docs/guide/check-your-map.md describes the check of a map.\n",
	        command, flavour, command);
	return RM_OK;
}

/* Runs the program of the map in the command line. If the command line has no
   map, runs any program, which prints the help or the error. */
static int exec_map(const char *command, const char *flavour, int argc,
        char **argv, const struct rm_catalog *catalog)
{
	int at = find_map(argc, argv, catalog);
	const struct rm_map_info *info =
	        at ? rm_catalog_find(catalog, argv[at]) : NULL;
	const struct rm_map_name *name;
	char path[RM_PROGRAM_BYTES], why[256];
	struct rm_error error = { "" };

	if (!at && argc == 2 && is_misspelled(argv[1], catalog)) {
		rm_catalog_explain(catalog, argv[1], &error);
		return rm_print_error(command, &error, RM_USAGE);
	}
	if (!at && any_program(flavour, catalog, path))
		return exec_program(command, path, argv, NULL);
	if (!at && wants_help(argc, argv))
		return print_help(command, flavour);
	if (!at) {
		fprintf(stderr,
		        "readmostly %s: no map program: expected the id of a "
		        "map that is built; build it by `make programs "
		        "NEEDED=%s/ID`, list ids by `readmostly dev list`\n",
		        command, flavour);
		return RM_USAGE;
	}
	if (!info || info->language) {
		rm_catalog_explain(catalog, argv[at], &error);
		return rm_print_error(command, &error, RM_USAGE);
	}
	if (!strcmp(flavour, "explore") &&
	        !rm_map_has_program(flavour, info->id, why, sizeof(why))) {
		fprintf(stderr, "readmostly %s: %s cannot be explored: it %s\n",
		        command, info->id, why);
		return RM_USAGE;
	}
	name = rm_catalog_name(catalog, info->id);
	return exec_program(command, rm_map_program(flavour, info->id, path),
	        argv, name ? name->file : NULL);
}

int rm_cli_dump(int argc, char **argv)
{
	char flavour[RM_NAME_BYTES], dump[] = "dump", *line[argc + 2];
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	int status;

	line[0] = argv[0];
	line[1] = dump;
	memcpy(line + 2, argv + 1, (size_t)argc * sizeof(*argv));
	choose_flavour("plain", argc, argv, flavour);
	if (rm_catalog_load(NULL, &catalog, &error))
		return rm_print_error("dev dump", &error, RM_INCOMPLETE);
	status = exec_map("dev dump", flavour, argc + 1, line, &catalog);
	rm_catalog_clear(&catalog);
	return status;
}

/* True if the file includes readmostly.h. Such a file is an adapter, not a map
   of runner/map.h. */
static bool is_adapter(const char *file)
{
	char *line = NULL;
	size_t capacity = 0;
	bool found = false;
	FILE *source = fopen(file, "r");

	while (source && !found && getline(&line, &capacity, source) > 0)
		found = strstr(line, "#include") &&
		        strstr(line, "readmostly.h");
	free(line);
	if (source)
		fclose(source);
	return found;
}

/* Replaces this process by `author/readmostly-COMMAND` if an argument is the
   source of an adapter. Returns RM_OK if no argument is a source file, and
   RM_USAGE if the program cannot be run. */
static int exec_for_author(const char *command, int argc, char **argv)
{
	static const char *const ends[] = { ".cc", ".cpp", ".cxx", ".rs" };
	int file = find_argument(argc, argv, NULL, ".c");
	char name[RM_NAME_BYTES], path[RM_PROGRAM_BYTES];
	bool found = file && is_adapter(argv[file]);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends) && !found; i++)
		found = (file = find_argument(argc, argv, NULL, ends[i])) > 0;
	if (!found)
		return RM_OK;
	if (access(argv[file], R_OK)) {
		fprintf(stderr,
		        "readmostly %s: %s: cannot be read: expected a source "
		        "file\n",
		        command, argv[file]);
		return RM_USAGE;
	}
	/* for the command that repeats a finding */
	snprintf(name, sizeof(name), "readmostly %s", command);
	setenv("RM_CALLED", name, 1);
	snprintf(name, sizeof(name), "author/readmostly-%s", command);
	execv(rm_host_sibling_path(name, path, sizeof(path)), argv);
	fprintf(stderr,
	        "readmostly %s: %s: %s; `make -C verify` builds "
	        "build/verify/author/readmostly-%s\n",
	        command, path, strerror(errno), command);
	return RM_USAGE;
}

/* Runs `check`. The check of a recorded history needs no map program. A shared
   library is checked by a program without a map. */
int rm_cli_check(int argc, char **argv)
{
	char flavour[RM_NAME_BYTES], path[RM_PROGRAM_BYTES];
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	int status = exec_for_author("check", argc, argv), file;

	if (status)
		return status;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--history") ||
		        !strncmp(argv[i], "--history=", 10))
			return exec_program("check",
			        rm_host_sibling_path("readmostly-history", path,
			                sizeof(path)),
			        argv, NULL);
	if ((file = find_argument(argc, argv, NULL, ".c"))) {
		fprintf(stderr,
		        "readmostly check: %s: expected an id (`make "
		        "IMPL=%s` adds this map to the build), a FILE.so, or a "
		        "source that includes readmostly.h\n",
		        argv[file], argv[file]);
		return RM_USAGE;
	}
	choose_flavour("check", argc, argv, flavour);
	if (find_argument(argc, argv, NULL, ".so"))
		return exec_program("check",
		        rm_map_program("check", "library", path), argv, NULL);
	if (rm_catalog_load(NULL, &catalog, &error))
		return rm_print_error("check", &error, RM_INCOMPLETE);
	if (find_argument(argc, argv, "all", NULL))
		status = check_all(flavour, argv, &catalog);
	else
		status = exec_map("check", flavour, argc, argv, &catalog);
	rm_catalog_clear(&catalog);
	return status;
}

/* Builds the explore program of a map's source file in this source tree:
   BUILD/explored/maps/explore/ID. Stores its path in `path`. Returns 0, or
   -errno if make fails and has printed the reason. */
static int build(const char *file, char path[RM_PROGRAM_BYTES])
{
	char make[] = "make", silent[] = "-s", folder[PATH_MAX];
	char impl[PATH_MAX + 8], in[PATH_MAX + 8], out[PATH_MAX + 32];
	char *argv[] = { make, silent, impl, in, out, path, NULL };
	const char *slash = strrchr(file, '/'), *id = slash ? slash + 1 : file;
	int length = (int)strlen(id) - 2, failed;
	char *printed = NULL;

	rm_host_sibling_path("", folder, sizeof(folder));
	folder[strlen(folder) - 1] = '\0';
	snprintf(impl, sizeof(impl), "IMPL=%s", file);
	snprintf(in, sizeof(in), "BUILD=%s", folder);
	snprintf(out, sizeof(out), "OUT=%s/explored", folder);
	snprintf(path, RM_PROGRAM_BYTES, "%.3800s/maps/explore/%.*s",
	        out + strlen("OUT="), length, id);
	failed = rm_capture(argv, &printed);
	free(printed);
	return failed;
}

static const char *build_advice(void)
{
	return access("runner/map.h", F_OK)
	               ? "run this in the source tree"
	               : "correct the first error above; FILE.c must define "
	                 "the map FILE (docs/guide/your-map.md)";
}

int rm_cli_explore(int argc, char **argv)
{
	int file = find_argument(argc, argv, NULL, ".c");
	int other = find_argument(argc, argv, NULL, ".so");
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	char path[RM_PROGRAM_BYTES];
	int status = exec_for_author("explore", argc, argv);

	if (status)
		return status;
	if (!file && other) {
		fprintf(stderr,
		        "readmostly explore: %s: expected its sources, which "
		        "are compiled with instrumentation\n",
		        argv[other]);
		return RM_USAGE;
	}
	if (file && access(argv[file], R_OK)) {
		fprintf(stderr,
		        "readmostly explore: %s: %s, expected a source file\n",
		        argv[file], rm_file_reason(-errno));
		return RM_USAGE;
	}
	if (file && build(argv[file], path)) {
		fprintf(stderr, "readmostly explore: %s: not built: %s\n",
		        argv[file], build_advice());
		return RM_USAGE;
	}
	if (file)
		return exec_program("explore", path, argv, NULL);
	if (rm_catalog_load(NULL, &catalog, &error))
		return rm_print_error("explore", &error, RM_INCOMPLETE);
	status = find_argument(argc, argv, "all", NULL)
	                 ? explore_all(argv, &catalog)
	                 : exec_map("explore", "explore", argc, argv, &catalog);
	rm_catalog_clear(&catalog);
	return status;
}
