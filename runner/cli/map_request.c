/* SPDX-License-Identifier: Apache-2.0 */
/* map_request.c - sends a request to the program of a map and reads its result.
   Contains `readmostly dev trial`. */
#include "runner/base/capture.h"
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/counters/counters.h"
#include "runner/protocol/command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPECTED                                                     \
	": expected a map program: `make programs NEEDED=plain/ID` " \
	"builds build/gcc/maps/plain/ID"

/* Runs the program and returns its output, which the caller frees. Returns NULL
   with `error` on failure. */
static char *run_program(const char *program, const json_t *json,
        const char *const words[], struct rm_error *error)
{
	char *argv[8] = { (char *)(uintptr_t)program }, *text, *printed = NULL;
	int input, failed;

	for (int i = 0; words[i] && i < 6; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	text = json_dumps(json, JSON_COMPACT);
	input = text ? rm_capture_input(text) : -ENOMEM;
	failed = input < 0              ? input
	         : strchr(program, '/') ? rm_program_check(program)
	                                : 0; /* execvp() finds it in PATH */
	if (!failed)
		failed = rm_capture_until(argv, input, -1, &printed);
	if (input >= 0)
		close(input);
	free(text);
	if (!failed)
		return printed;
	if (failed == -EIO && strcmp(words[0], "trial"))
		rm_error_set(error, failed,
		        "%s: exited with an error, which is printed above",
		        program);
	else
		rm_error_set(error, failed, "%s: %s" EXPECTED, program,
		        failed == -EIO ? "exited with an error"
		                       : rm_file_reason(failed));
	return NULL;
}

static int run_for_result(const char *program, const struct rm_request *request,
        const char *const words[], json_t **result, struct rm_error *error)
{
	json_t *json = rm_request_to_json(request);
	char *printed = json ? run_program(program, json, words, error) : NULL;

	*result = printed ? json_loads(printed, 0, NULL) : NULL;
	if (!json)
		rm_error_set(error, -ENOMEM, "out of memory");
	json_decref(json);
	if (printed && !*result)
		rm_error_set(
		        error, -EIO, "%s: printed no result" EXPECTED, program);
	free(printed);
	if (!strcmp(words[0], "trial") && *result &&
	        rm_result_judge(&request->cell, *result))
		return rm_error_set(error, RM_INCOMPLETE, "out of memory");
	return *result ? 0 : RM_INCOMPLETE;
}

int rm_program_run(const struct rm_request *request, const char *const words[],
        json_t **result, struct rm_error *error)
{
	const char *flavour = rm_cell_flavour(&request->cell);
	const char *map = request->cell.map;
	char path[RM_PROGRAM_BYTES], why[256];
	struct rm_catalog catalog;

	*result = NULL;
	if (!rm_map_has_program(flavour, map, why, sizeof(why))) {
		if (!rm_catalog_load(NULL, &catalog, error) &&
		        !rm_catalog_find(&catalog, map))
			rm_catalog_explain(&catalog, map, error);
		rm_catalog_clear(&catalog);
		return rm_error_set(error, RM_USAGE, "%s %s", map, why);
	}
	rm_map_program(flavour, map, path);
	return run_for_result(path, request, words, result, error);
}

/* Runs a trial. If `program` is NULL, runs the map program of the request.
   `likwid-perfctr -m` sets LIKWID_FILEPATH. The window then becomes a LIKWID
   region, which replaces the request's counters. */
static int run_trial(struct rm_request *request, const char *program,
        json_t **result, struct rm_error *error)
{
	const char *const words[] = { "trial", NULL };
	struct rm_counters_choice *choice = NULL;
	json_t *counters = NULL;
	int status;

	if (getenv("LIKWID_FILEPATH") &&
	        rm_counters_mark(&choice, &counters, error))
		return RM_INCOMPLETE;
	if (counters) {
		json_decref(request->counters);
		request->counters = counters;
	}
	status =
	        program ? run_for_result(program, request, words, result, error)
	                : rm_program_run(request, words, result, error);
	if (!status && choice && rm_json_text(*result, "counters_reason")[0])
		status = rm_error_set(error, RM_INCOMPLETE,
		        "no region for likwid-perfctr: %s: %s",
		        rm_json_text(*result, "counters_reason"),
		        rm_json_text(json_object_get(*result, "counters"),
		                "reason"));
	rm_counters_release(choice);
	return status;
}

static int print_trial_usage(int argc, char **argv)
{
	fprintf(stderr, "usage: readmostly dev trial [PROGRAM] <REQUEST "
	                ">RESULT\n\nRuns PROGRAM, or the program of the "
	                "request's map, and checks its result as a campaign "
	                "does (docs/reference/trial-protocol.md).\n");
	if (argc == 2 && !strcmp(argv[1], "--help"))
		return RM_OK;
	fprintf(stderr, "readmostly dev trial: \"%s\": %s\n", argv[argc - 1],
	        argc > 2 ? "expected at most one PROGRAM" : "no such option");
	return RM_USAGE;
}

int rm_cli_trial(int argc, char **argv)
{
	struct rm_request request = { 0 };
	struct rm_error error = { "" }, fault = { "" };
	json_t *result = NULL;
	char *text = NULL;
	size_t length;
	int status;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return print_trial_usage(argc, argv);
	if (rm_file_read(stdin, 1 << 20, &text, &length) || !length)
		rm_error_set(&error, 0,
		        "standard input: expected a request of at most 1 "
		        "MiB, e.g. a line of `readmostly plan FILE "
		        "--requests`");
	else if (rm_request_parse(text, length, &request, &fault))
		rm_error_set(&error, 0,
		        "%.400s; `readmostly plan FILE --requests` prints "
		        "valid requests",
		        fault.text);
	free(text);
	if (error.text[0])
		return rm_print_error("dev trial", &error, RM_USAGE);
	status = run_trial(
	        &request, argc == 2 ? argv[1] : NULL, &result, &error);
	if (status)
		rm_print_error("dev trial", &error, status);
	else
		status = rm_print_json(result, JSON_COMPACT);
	json_decref(result);
	rm_request_clear(&request);
	return status;
}
