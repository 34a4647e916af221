/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - `readmostly trial`: one cell, JSON in, JSON out. */
#include "runner/trial/trial.h"
#include "runner/base/error.h"
#include "runner/cli/cli.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 20 };

static const struct argp argp = {
	.doc = "Runs one cell in this process: reads a request (JSON) from "
	       "standard input, writes a result (one line of JSON) to standard "
	       "output.\vdocs/trial-protocol.md describes both. `readmostly "
	       "run` "
	       "starts one such process per trial. Status: 0 a result was "
	       "written, whatever it says; 2 the request was not understood."
};

/* All of standard input; the caller frees. NULL: too long or unreadable. */
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

static int print(json_t *result)
{
	if (!result || json_dumpf(result, stdout, JSON_COMPACT) ||
	        putchar('\n') == EOF || fflush(stdout)) {
		fprintf(stderr, "trial: result not written: %s\n",
		        strerror(errno));
		return RM_INCOMPLETE;
	}
	return RM_OK;
}

int rm_cli_trial(int argc, char **argv)
{
	struct rm_request request;
	struct rm_error error = { "" };
	size_t length;
	char *text;
	json_t *result;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	text = read_all(&length);
	if (!text || rm_request_parse(text, length, &request, &error)) {
		fprintf(stderr, "trial: %s\n",
		        text ? error.text : "request unreadable or over 1 MiB");
		free(text);
		return RM_USAGE;
	}
	free(text);
	result = rm_trial_run(&request);
	status = print(result);
	json_decref(result);
	rm_request_clear(&request);
	return status;
}
