/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - `readmostly validate`: is a campaign's folder complete? */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct rm_validation *validation = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		rm_argument_once(state, &validation->dir, text, "DIR");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "expected DIR, the folder of a campaign");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_problem(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
}

int rm_cli_validate(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "DIR",
		"Checks a campaign's folder: every member of campaign.json and "
		"of each line of trials.jsonl, hashes, checksums, and that "
		"each planned "
		"trial has one line.\vStatus: 0 nothing is wrong; 1 something "
		"is, one line each; 2 the folder cannot be read.",
		NULL, NULL, NULL };
	struct rm_validation validation = { .report = print_problem };
	struct rm_error error = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &validation);
	int result = rm_validate(&validation, &error);

	fflush(stdout);
	if (result) {
		return rm_complain("validate", &error, RM_USAGE);
	}
	if (validation.problems) {
		printf("%zu problems in %s\n", validation.problems,
		        validation.dir);
		return RM_FAILED;
	}
	printf("%s: %zu cells, %zu trials, complete%s\n", validation.dir,
	        validation.cells, validation.found,
	        validation.is_sealed ? ""
	                             : "; older than checksums of lines: a "
	                               "number that was changed is not seen");
	return RM_OK;
}
