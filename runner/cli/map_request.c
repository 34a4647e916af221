/* SPDX-License-Identifier: Apache-2.0 */
/* map_request.c - commands that ask the program of one map: a request goes in, its
   answer comes out. */
#include "runner/base/capture.h"
#include "runner/base/file.h"
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Starts the program of the request's cell, and returns what it printed; owned
   by the caller. NULL with `error`. */
static char *ask(const struct rm_request *request, const json_t *json,
        const char *const words[], struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES], *argv[8] = { path }, *text,
	                             *printed = NULL;
	int input, failed, i = 0;

	rm_map_program(
	        rm_cell_flavour(&request->cell), request->cell.map, path);
	for (; words[i] && i < 6; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	text = json_dumps(json, JSON_COMPACT);
	input = text ? rm_capture_input(text) : -ENOMEM;
	failed =
	        input < 0 ? input : rm_capture_until(argv, input, -1, &printed);
	if (input >= 0)
		close(input);
	free(text);
	if (!failed)
		return printed;
	rm_error_set(error, failed, "%s: %s", path,
	        failed == -EIO ? "did not end with status 0"
	                       : strerror(-failed));
	return NULL;
}

int rm_ask_program(const struct rm_request *request, const char *const words[],
        json_t **result, struct rm_error *error)
{
	json_t *json = rm_request_to_json(request);
	char *printed = json ? ask(request, json, words, error) : NULL;

	*result = printed ? json_loads(printed, 0, NULL) : NULL;
	if (!json)
		rm_error_set(error, -ENOMEM, "out of memory");
	json_decref(json);
	if (printed && !*result)
		rm_error_set(error, -EIO, "%s: its program printed no result",
		        request->cell.map);
	free(printed);
	return *result ? 0 : RM_INCOMPLETE;
}

/* `readmostly dev trial`: passes the request on to the program of its cell. */
int rm_cli_trial(int argc, char **argv)
{
	struct rm_request request;
	struct rm_error error = { "" };
	char path[RM_PROGRAM_BYTES], *text = NULL, trial[] = "trial";
	char *line[] = { path, trial, NULL };
	size_t length;
	int input = -1;

	if (argc > 1) {
		fprintf(stderr, "usage: readmostly dev trial <REQUEST "
		                ">RESULT\n\nStarts "
		                "the program of the request's map "
		                "(docs/trial-protocol.md).\n");
		return strcmp(argv[1], "--help") ? RM_USAGE : RM_OK;
	}
	if (rm_file_read(stdin, 1 << 20, &text, &length) ||
	        rm_request_parse(text, length, &request, &error)) {
		fprintf(stderr, "trial: %s\n",
		        text ? error.text : "request unreadable or over 1 MiB");
		free(text);
		return RM_USAGE;
	}
	rm_map_program(rm_cell_flavour(&request.cell), request.cell.map, path);
	rm_request_clear(&request);
	input = rm_capture_input(text);
	free(text);
	if (input >= 0 && dup2(input, STDIN_FILENO) >= 0)
		execv(path, line);
	fprintf(stderr, "trial: %s: %s\n", path,
	        strerror(input < 0 ? -input : errno));
	return RM_INCOMPLETE;
}
