/* SPDX-License-Identifier: Apache-2.0 */
/* verify_artifact.c - `readmostly dev verify-artifact`: checks integrity,
   completeness and pages of an artifact. The report compares names, hashes and
   pages; this file validates the journals. */
#include "runner/base/build_info.h"
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	const char *path;
	const char *digest; /* published digest, or NULL */
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'd':
		rm_argument_set_once(
		        state, &arguments->digest, text, "--digest");
		if (strspn(text, "0123456789abcdef") != 64 || text[64])
			argp_error(state,
			        "--digest \"%s\": expected 64 hexadecimal "
			        "digits (0-9, a-f)",
			        text);
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(
		        state, &arguments->path, text, "DIR or FILE");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "expected DIR or FILE, an artifact");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int remove_one(
        const char *path, const struct stat *found, int kind, struct FTW *walk)
{
	(void)found, (void)kind, (void)walk;
	return remove(path);
}

/* Prints the strings of a list. Returns their number. */
static size_t print_all(const json_t *list)
{
	const json_t *text;
	size_t i;

	json_array_foreach (list, i, text)
		printf("%s\n", json_string_value(text));
	return json_array_size(list);
}

static int print_problem_count(size_t problems, const char *path)
{
	printf("%zu problem%s in %s\n", problems, problems == 1 ? "" : "s",
	        path);
	return RM_FAILED;
}

/* Runs `report artifact`. Returns RM_USAGE if that fails. */
static int run_report(const char *python, const char *what, const char *path,
        const char *into, json_t **answer)
{
	struct rm_report_call call = { .command = "dev verify-artifact",
		.args = { "artifact", what, path, "--json", "--into", into },
		.count = into ? 6 : 4,
		.interrupt_fd = -1 };
	struct rm_error error = { 0 };

	return rm_python_read_json(python, &call, answer, &error)
	               ? rm_print_error("dev verify-artifact", &error, RM_USAGE)
	               : RM_OK;
}

/* Validates schema, plan and checksums of each campaign. */
static int validate_all(const json_t *campaigns)
{
	const json_t *dir;
	int worst = RM_OK;
	size_t i;

	json_array_foreach (campaigns, i, dir) {
		int status = rm_validate_and_print(json_string_value(dir));

		worst = status > worst ? status : worst;
	}
	return worst;
}

/* Prints the commits of the artifact and of this build, since the report of
   another commit may produce different pages. */
static void print_commits(const char *packed)
{
	if (strcmp(packed, rm_build_commit) != 0)
		printf("the artifact was packed at commit %s, and this report "
		       "is from commit %s: `make rebuild` in the artifact runs "
		       "its own "
		       "report\n",
		        packed, rm_build_commit);
}

/* Renders pages and tables again, and compares them with the artifact. */
static int compare_pages(const char *python, const char *folder)
{
	json_t *answer = NULL;
	int status = run_report(python, "again", folder, NULL, &answer);

	if (status)
		return status;
	size_t wrong = print_all(json_object_get(answer, "problems"));

	print_all(json_object_get(answer, "notes"));
	if (wrong) {
		print_commits(rm_json_text(answer, "commit"));
		status = print_problem_count(wrong, folder);
	} else
		printf("%lld files of pages and tables: equal to the data\n",
		        (long long)rm_json_integer(answer, "same"));
	json_decref(answer);
	return status;
}

static int check_digest(const struct arguments *arguments, const char *found)
{
	if (!arguments->digest || !strcmp(arguments->digest, found))
		return RM_OK;
	printf("%s: digest %s, expected %s: the artifact is intact, but not "
	       "the published one: download it again, or use the digest "
	       "published with this version\n",
	        arguments->path, found, arguments->digest);
	return print_problem_count(1, arguments->path);
}

/* Checks an artifact whose files all have the recorded hashes. */
static int check_content(const struct arguments *arguments, const char *python,
        const json_t *answer)
{
	const char *digest = rm_json_text(answer, "digest");
	int status = check_digest(arguments, digest);

	if (status)
		return status;
	printf("%s: every file is as it was packed\n", arguments->path);
	fflush(stdout);
	status = validate_all(json_object_get(answer, "campaigns"));
	if (!status)
		status = compare_pages(python, rm_json_text(answer, "folder"));
	if (!status)
		printf("digest: %s (compare it with the published one: a file "
		       "changed together with its line of SHA256SUMS is "
		       "detected only by the digest)\n",
		        digest);
	return status;
}

static int verify(
        const struct arguments *arguments, const char *python, const char *into)
{
	json_t *answer = NULL;
	int status =
	        run_report(python, "inspect", arguments->path, into, &answer);

	if (status)
		return status;
	size_t wrong = print_all(json_object_get(answer, "problems"));

	status = wrong ? print_problem_count(wrong, arguments->path)
	               : check_content(arguments, python, answer);
	json_decref(answer);
	return status;
}

int rm_cli_verify_artifact(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "digest", 'd', "SHA256", 0,
		        "digest that its author published", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "DIR|FILE",
		"Checks an artifact of `make artifact`: every name, mode, link "
		"and byte, that there are no other files, that each campaign "
		"is complete, and that its pages, tables and verdicts match "
		"its journals (docs/reference/artifact.md).\v"
		"Writes nothing into the artifact. Status: 0 valid; 1 "
		"problems, one per line; 2 the artifact cannot be read.",
		NULL, NULL, NULL };
	struct arguments arguments = { 0 };
	struct rm_error error = { 0 };
	char python[RM_PYTHON_BYTES], into[RM_PATH_BYTES];

	rm_argument_parse(&argp, argc, argv, &arguments);
	if (access(arguments.path, R_OK)) {
		rm_error_set(&error, -errno,
		        "%s: %s, expected an artifact of `make artifact`",
		        arguments.path, strerror(errno));
		return rm_print_error("dev verify-artifact", &error, RM_USAGE);
	}
	if (rm_python_find(python, &error))
		return rm_print_error("dev verify-artifact", &error, RM_USAGE);
	if (rm_file_temporary_folder(
	            sizeof(into) / 2, into, sizeof(into), &error))
		return rm_print_error("dev verify-artifact", &error, RM_USAGE);
	int status = verify(&arguments, python, into);

	nftw(into, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
