/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - `readmostly dev validate`: checks a campaign's folder. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <errno.h>
#include <stdio.h>

static error_t parse(int key, char *text, struct argp_state *state)
{
	const char **dir = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, dir, text, "DIR");
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

/* Prints which lines can be kept, and the command that continues. */
static void print_next(const struct rm_validation *found)
{
	const char *dir = found->dir;

	if (found->plan_failed)
		printf("next: restore the file from a copy, or start a new "
		       "campaign (another -o DIR); no resume is possible "
		       "without it\n");
	else if (found->bad_line == 1)
		printf("next: start a new campaign (another -o DIR); no line "
		       "of trials.jsonl can be kept\n");
	else if (found->bad_line)
		printf("next: lines before %zu can be kept: `sed -i.damaged "
		       "'%zu,$d' %s/trials.jsonl` removes the others (with a "
		       "copy); `readmostly run -o %s --resume` repeats them\n",
		        found->bad_line, found->bad_line, dir, dir);
	else
		printf("next: `readmostly run -o %s --resume` runs what is "
		       "missing\n",
		        dir);
}

static int validate_campaign(const char *dir)
{
	struct rm_validation validation = { .dir = dir,
		.report = print_problem };
	struct rm_error error = { 0 };
	int result = rm_validate(&validation, &error);

	fflush(stdout);
	if (result == -ENOENT && validation.cells) /* trials.jsonl is missing */
		print_next(&validation);
	if (result)
		return rm_print_error("dev validate", &error, RM_USAGE);
	if (validation.problems) {
		printf("%zu problems in %s\n", validation.problems,
		        validation.dir);
		print_next(&validation);
		return RM_FAILED;
	}
	printf("%s: %zu cells, %zu trials, complete%s\n", validation.dir,
	        validation.cells, validation.found,
	        validation.is_sealed ? ""
	                             : "; no checksums in this older format: "
	                               "changed numbers are not detected");
	return RM_OK;
}

/* Validates each stage. Does not check whether another stage should follow,
   which `report next` decides. */
static int validate_stages(const char *dir)
{
	unsigned count = rm_staged_count(dir), last = rm_staged_highest(dir);
	int worst = RM_OK;

	for (unsigned i = 1; i <= count; i++) {
		char stage[RM_PATH_BYTES];
		struct rm_error error = { 0 };
		int status = RM_USAGE;

		if (rm_staged_path(dir, i, stage, &error))
			rm_print_error("dev validate", &error, status);
		else
			status = validate_campaign(stage);

		worst = status > worst ? status : worst;
	}
	/* a new stage may have no campaign.json yet */
	if (last > count + 1) {
		printf("%s/stage-%02u: no campaign.json: expected one before "
		       "stage-%02u\n1 problem in %s\n",
		        dir, count + 1, last, dir);
		worst = worst > RM_FAILED ? worst : RM_FAILED;
	}
	if (worst == RM_OK)
		printf("%s: stages.json and plan.json are unchanged, "
		       "%u stages\n",
		        dir, count);
	return worst;
}

int rm_validate_and_print(const char *dir)
{
	struct rm_error error = { 0 };
	json_t *stages = NULL;
	int result = rm_folder_check_idle(dir, &error);

	if (result)
		return rm_print_error("dev validate", &error, RM_USAGE);
	result = rm_staged_read(dir, &stages, &error);
	json_decref(stages);
	if (result == -ENOENT)
		return validate_campaign(dir);
	if (!result)
		return validate_stages(dir);
	printf("%s\n1 problem in %s\n", error.text, dir);
	return RM_FAILED;
}

int rm_cli_validate(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "DIR",
		"Checks a campaign's folder: every member of campaign.json and "
		"of each line of trials.jsonl, hashes, checksums, and that "
		"each planned trial has exactly one line. For a campaign in "
		"stages, checks each stage.\v"
		"Status: 0 valid; 1 problems, one per line; 2 the folder "
		"cannot be read.",
		NULL, NULL, NULL };
	const char *dir = NULL;

	rm_argument_parse(&argp, argc, argv, &dir);
	return rm_validate_and_print(dir);
}
