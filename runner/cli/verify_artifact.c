/* SPDX-License-Identifier: Apache-2.0 */
/* verify_artifact.c - `readmostly dev verify-artifact`: is what somebody packed
   whole, complete, and what its data give? Names, hashes and pages are the
   report's to compare, journals ours. */
#include "runner/base/build_info.h"
#include "runner/base/json.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
	const char *path;
	const char *digest; /* as it was published; NULL */
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct wish *wish = state->input;

	switch (key) {
	case 'd':
		rm_argument_once(state, &wish->digest, text, "--digest");
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_once(state, &wish->path, text, "DIR or FILE");
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

/* Prints the texts of a list; how many. */
static size_t print_all(const json_t *list)
{
	const json_t *text;
	size_t i;

	json_array_foreach (list, i, text)
		printf("%s\n", json_string_value(text));
	return json_array_size(list);
}

static int complain_of(size_t problems, const char *path)
{
	printf("%zu problem%s in %s\n", problems, problems == 1 ? "" : "s",
	        path);
	return RM_FAILED;
}

/* Asks the report; RM_USAGE where it cannot answer. */
static int ask(const char *python, const char *what, const char *path,
        const char *into, json_t **answer)
{
	struct rm_question question = { .command = "verify-artifact",
		.words = { "artifact", what, path, "--json", "--into", into },
		.count = into ? 6 : 4,
		.interrupt_fd = -1 };
	struct rm_error error = { 0 };

	return rm_python_ask_json(python, &question, answer, &error)
	               ? rm_complain("verify-artifact", &error, RM_USAGE)
	               : RM_OK;
}

/* Each journal against its schema, its plan and its checksums. */
static int validate_all(const json_t *campaigns)
{
	const json_t *dir;
	int worst = RM_OK;
	size_t i;

	json_array_foreach (campaigns, i, dir) {
		int status = rm_validate_and_tell(json_string_value(dir));

		worst = status > worst ? status : worst;
	}
	return worst;
}

/* Another commit's report may have other words: whose is right? */
static void tell_commits(const char *packed)
{
	if (strcmp(packed, rm_build_commit) != 0)
		printf("it was packed with sources of commit %s, and asked is "
		       "the report of %s: `make rebuild` in it asks the "
		       "packed one\n",
		        packed, rm_build_commit);
}

/* Pages and tables, made again. */
static int compare_pages(const char *python, const char *folder)
{
	json_t *answer = NULL;
	int status = ask(python, "again", folder, NULL, &answer);

	if (status)
		return status;
	size_t wrong = print_all(json_object_get(answer, "problems"));

	print_all(json_object_get(answer, "notes"));
	if (wrong) {
		tell_commits(rm_json_text(answer, "commit"));
		status = complain_of(wrong, folder);
	} else
		printf("%lld files of pages and tables: what the data give\n",
		        (long long)rm_json_whole(answer, "same"));
	json_decref(answer);
	return status;
}

static int check_digest(const struct wish *wish, const char *found)
{
	if (!wish->digest || !strcmp(wish->digest, found))
		return RM_OK;
	printf("%s: its digest is %s, expected %s: it is whole, and another "
	       "one\n",
	        wish->path, found, wish->digest);
	return complain_of(1, wish->path);
}

/* Of an answer that found every file as it was packed. */
static int judge(
        const struct wish *wish, const char *python, const json_t *answer)
{
	const char *digest = rm_json_text(answer, "digest");
	int status = check_digest(wish, digest);

	if (status)
		return status;
	printf("%s: every file is as it was packed\n", wish->path);
	fflush(stdout);
	status = validate_all(json_object_get(answer, "campaigns"));
	if (!status)
		status = compare_pages(python, rm_json_text(answer, "folder"));
	if (!status)
		printf("digest: %s (compare it with the published one: who "
		       "changes a file and its line of SHA256SUMS is seen by "
		       "nothing else)\n",
		        digest);
	return status;
}

static int verify(const struct wish *wish, const char *python, const char *into)
{
	json_t *answer = NULL;
	int status = ask(python, "inspect", wish->path, into, &answer);

	if (status)
		return status;
	size_t wrong = print_all(json_object_get(answer, "problems"));

	status = wrong ? complain_of(wrong, wish->path)
	               : judge(wish, python, answer);
	json_decref(answer);
	return status;
}

int rm_cli_verify_artifact(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "digest", 'd', "SHA256", 0,
		        "what its author has published of it", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "DIR|FILE",
		"Holds an artifact of `make artifact` against itself: every "
		"name, mode, link and byte, that nothing is besides, that each "
		"campaign is complete, and that its pages, tables and verdicts "
		"are what its journals give (docs/reference/artifact.md).\v"
		"Writes nothing into it. Status: 0 all is right; 1 something "
		"is not, one line each; 2 it cannot be read.",
		NULL, NULL, NULL };
	struct wish wish = { 0 };
	struct rm_error error = { 0 };
	char python[RM_PYTHON_BYTES], into[RM_PATH_BYTES];
	const char *temporary = getenv("TMPDIR");

	argp_parse(&argp, argc, argv, 0, NULL, &wish);
	if (rm_python_find(python, &error))
		return rm_complain("verify-artifact", &error, RM_USAGE);
	snprintf(into, sizeof(into), "%s/readmostly-artifact-XXXXXX",
	        temporary ? temporary : "/tmp");
	if (!mkdtemp(into)) {
		rm_error_set(&error, -errno,
		        "%s: %s, expected a folder to unpack in (TMPDIR)", into,
		        strerror(errno));
		return rm_complain("verify-artifact", &error, RM_USAGE);
	}
	int status = verify(&wish, python, into);

	nftw(into, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
