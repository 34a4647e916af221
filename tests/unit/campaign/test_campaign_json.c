/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_campaign_json.c - rejects arms, plans and attempts that campaign.json
 * and the journal must not contain.
 *
 * An earlier reader accepted each of these cases. It read them incompletely, or
 * read beyond their end.
 */
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE "tests/fixtures/campaign/"

/* Makes a folder with one file of a campaign. */
static void make_folder(char dir[32], const char *name, const char *text)
{
	struct rm_error error = { "" };

	strcpy(dir, "/tmp/test_campaign.XXXXXX");
	if (!mkdtemp(dir) ||
	        rm_file_replace(dir, name, text, strlen(text), &error))
		printf("Bail out! %s\n", error.text);
}

static void remove_folder(const char *dir)
{
	static const char *const names[] = { "campaign.json", "trials.jsonl",
		"lock" };
	char path[RM_PATH_BYTES];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!rm_path_join(path, dir, names[i], NULL))
			unlink(path);
	rmdir(dir);
}

/* True if a campaign.json with these arms is rejected with that text. */
static bool refuses_arms(const char *list, const char *word)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	json_t *json = json_pack("{s:o}", "arms", json_loads(list, 0, NULL));
	int failed = rm_arms_from_json(json, &arms, &error);

	printf("# %d %s\n", failed, error.text);
	rm_arms_clear(&arms);
	json_decref(json);
	return failed == -EINVAL && strstr(error.text, word);
}

#define ARM(name, more) "{\"name\":\"" name "\",\"control_extra\":0" more "}"
#define OF_W            ",\"workload\":\"w\""

static void read_arms(void)
{
	CHECK(!refuses_arms("[" ARM("a", OF_W) "," ARM("b", OF_W) "," ARM(
	                            "a", "") "]",
	              ""),
	        "two adjacent sets are valid");
	CHECK(refuses_arms(
	              "[" ARM("a", "") "," ARM("a", "") "]", "arms[1].name"),
	        "two arms of one set with the same name are rejected");
	CHECK(refuses_arms("[" ARM("a", OF_W) "," ARM("a", "") "," ARM(
	                           "b", OF_W) "]",
	              "arms[2].workload"),
	        "a set interrupted by another set is rejected");
	CHECK(refuses_arms(
	              "[" ARM("abcdefghijklmnopq", "") "]", "arms[0].name"),
	        "a name that is one byte too long is rejected, not cut");
	CHECK(refuses_arms("[" ARM("a", ",\"sha256\":7") "]", "sha256"),
	        "a number in place of a hash is rejected");
	CHECK(refuses_arms("[" ARM("a", ",\"program\":\"\"") "]", "program"),
	        "an empty path is rejected");
	CHECK(refuses_arms("[{\"name\":\"a\",\"control_extra\":1.5}]",
	              "control_extra"),
	        "a share above 1 is rejected");
}

static bool refuses_option(const char *text)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	int failed = rm_arms_parse(&arms, text, &error);

	rm_arms_clear(&arms);
	return failed == -EINVAL;
}

static void read_options(void)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };

	CHECK(refuses_option("base=/bin/true,head=+2%"),
	        "a share without a file is rejected");
	CHECK(!rm_arms_parse(&arms, "a=/bin/true+nan%", &error) &&
	                arms.list[0].control_extra == 0,
	        "nan is not a share but belongs to the file name");
	rm_arms_clear(&arms);
}

/* True if the sample with one changed member of a cell is rejected. */
static bool refuses_plan(const char *member, json_t *value, const char *word)
{
	json_t *json = json_load_file(SAMPLE "campaign.json", 0, NULL);
	json_t *cell = json_array_get(json_object_get(json, "cells"), 1);
	struct rm_plan plan = { 0 };
	struct rm_error error = { "" };

	json_object_set_new(cell, member, value);
	int failed = rm_plan_from_json(json, &plan, &error);

	printf("# %d %s\n", failed, error.text);
	rm_plan_free(&plan);
	json_decref(json);
	return failed == -EINVAL && strstr(error.text, word);
}

static void read_plans(void)
{
	CHECK(refuses_plan("id",
	              json_string("sample/gomap_rw/u64x8/n64/w3/update/m0/"
	                          "uniform/t1/cores/throughput"),
	              "twice"),
	        "two cells with the same id are rejected");
	CHECK(refuses_plan("estimate_ns", json_integer(-1), "estimate_ns"),
	        "a negative time is rejected");
	CHECK(refuses_plan("memory_bytes", json_string("x"), "memory_bytes"),
	        "a string in place of a size is rejected");
	CHECK(refuses_plan("repeat", json_pack("{s:s}", "most", "2"), "repeat"),
	        "a string in place of a number of repeats is rejected");
}

static void free_rejected_campaign(void)
{
	char dir[32];
	json_t *campaign = NULL;
	struct rm_error error = { "" };

	make_folder(dir, "campaign.json", "{\"format\":2}");
	CHECK(rm_folder_campaign(dir, &campaign, &error) && !campaign,
	        "a campaign of another format is freed once");
	remove_folder(dir);
}

/* Converts `lines` to journal lines with checksums. */
static void seal(const char *lines, char *sealed, size_t size)
{
	*sealed = '\0';
	for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
		json_t *line =
		        json_loadb(lines, (size_t)(end - lines), 0, NULL);
		char *text = rm_line_seal(line);
		size_t used = strlen(sealed);

		snprintf(sealed + used, size - used, "%s", text);
		free(text);
		json_decref(line);
	}
}

static int opens(const char *lines)
{
	char sealed[400];
	char dir[32];
	struct rm_journal *journal = NULL;
	struct rm_error error = { "" };
	size_t torn;

	seal(lines, sealed, sizeof(sealed));
	make_folder(dir, "trials.jsonl", sealed);
	int failed = rm_journal_open(dir, &journal, &torn, &error);

	printf("# %d %s\n", failed, error.text);
	rm_journal_close(journal);
	remove_folder(dir);
	return failed;
}

#define TRY(attempt) \
	"{\"cell\":\"a\",\"block\":0,\"arm\":\"h\",\"attempt\":" attempt "}\n"

static void read_attempts(void)
{
	CHECK(opens(TRY("1") TRY("2")) == 0,
	        "an attempt after the previous one is accepted");
	CHECK(opens(TRY("1") TRY("3")) == -EINVAL,
	        "a missing attempt is rejected");
	CHECK(opens(TRY("2")) == -EINVAL,
	        "a missing first attempt is rejected");
	CHECK(opens(TRY("\"1\"")) == -EINVAL,
	        "a string in place of an attempt is rejected");
	CHECK(opens(TRY("0")) == -EINVAL, "attempt 0 is rejected");
	CHECK(opens("{\"cell\":\"a\",\"block\":-1,\"arm\":\"h\"}\n") == -EINVAL,
	        "a negative block is rejected");
}

/* Errors quote text from files, which must not move the cursor of a
   terminal. */
static void clean_messages(void)
{
	struct rm_error error = { "" };

	rm_error_set(&error, 0, "found \"%s\"", "a\x1b[2J\nb\tc\x7f");
	CHECK(!strcmp(error.text, "found \"a?[2J?b?c?\""),
	        "control characters of a quoted text are shown as ?");
}

int main(void)
{
	read_arms();
	read_options();
	read_plans();
	free_rejected_campaign();
	read_attempts();
	clean_messages();
	return DONE();
}
