/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - `ID trial`, `record`, `timeline`: run a cell from a JSON request
   and print a JSON result. */
#include "runner/trial/trial.h"
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"
#include "runner/trace/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 20 };

/* Reads all of standard input; the caller frees it. NULL: too long or
   unreadable. Makes one large allocation: its free() raises glibc's mmap
   threshold, so that maps are measured with the threshold that the simulation
   assumes (runner/sim/guest/heap.c). */
static char *read_all(size_t *length)
{
	char *text = malloc(REQUEST_BYTES);

	*length = 0;
	while (text && *length < REQUEST_BYTES) {
		ssize_t got = read(
		        STDIN_FILENO, text + *length, REQUEST_BYTES - *length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? (free(text), NULL) : text;
		*length += (size_t)got;
	}
	free(text);
	return NULL;
}

static int print(const json_t *result)
{
	const int status = rm_print_json(result, JSON_COMPACT);

	if (status)
		fprintf(stderr, "trial: result not written: %s\n",
		        strerror(errno));
	return status;
}

/* Reads the request from standard input. Prints the reason before it returns
   RM_USAGE. */
static int read_request(struct rm_request *request)
{
	struct rm_error error = { "" };
	size_t length;
	char *text = read_all(&length);
	int failed = !text || rm_request_parse(text, length, request, &error);

	if (failed)
		fprintf(stderr, "trial: %s\n",
		        text ? error.text : "request unreadable or over 1 MiB");
	free(text);
	return failed ? RM_USAGE : RM_OK;
}

int rm_program_trial(int argc, char **argv)
{
	struct rm_request request;
	json_t *result;
	int status;

	(void)argv;
	if (argc > 1 || read_request(&request))
		return RM_USAGE;
	result = rm_trial_run(&request);
	status = print(result);
	json_decref(result);
	rm_request_clear(&request);
	return status;
}

/* Parses argv: "text" or "binary", and the file. The window starts directly
   after the prefill, so that the record is complete. */
int rm_program_record(int argc, char **argv)
{
	struct rm_error error = { "" };
	struct rm_request request;
	json_t *result = NULL;
	FILE *out = NULL;
	int status;

	if (argc != 3 || read_request(&request))
		return RM_USAGE;
	request.cell.warm_up_ns = 0;
	request.recorder = rm_recorder_create(UINT32_MAX);
	if (request.recorder)
		result = rm_trial_run(&request);
	status = print(result);
	if (!strcmp(rm_json_text(result, "status"), "ok")) {
		out = fopen(argv[2], "wb");
		if (!out ||
		        rm_recorder_write(request.recorder, request.cell.keys,
		                !strcmp(argv[1], "binary"), out, &error))
			status = RM_INCOMPLETE;
		if (out && fclose(out))
			status = RM_INCOMPLETE;
	}
	if (status == RM_INCOMPLETE)
		fprintf(stderr, "%s: %s\n", argv[2],
		        error.text[0] ? error.text : rm_write_reason(-errno));
	json_decref(result);
	rm_recorder_destroy(request.recorder);
	rm_request_clear(&request);
	return status;
}

/* argv contains the file. Only programs of the flavour stats record events. */
int rm_program_timeline(int argc, char **argv)
{
	struct rm_request request;
	json_t *result;
	FILE *out;
	bool failed;
	int status;

	if (argc != 2 || read_request(&request))
		return RM_USAGE;
	result = rm_trial_run(&request);
	status = print(result);
	if (strcmp(rm_json_text(result, "status"), "failed")) {
		out = fopen(argv[1], "w");
		failed = !out || rm_timeline_write(out, &request.cell);
		if (out && fclose(out))
			failed = true;
		if (failed) {
			fprintf(stderr, "%s: not written: %s\n", argv[1],
			        rm_write_reason(-errno));
			status = RM_INCOMPLETE;
		}
	}
	json_decref(result);
	rm_request_clear(&request);
	return status;
}
