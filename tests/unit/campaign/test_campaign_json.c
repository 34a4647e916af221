/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_campaign_json.c - what a campaign.json may say of arms and plan, and
 * what of attempts a journal may say.
 *
 * Each refusal was a file that an earlier reader took, half read or read past.
 */
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE "tests/fixtures/campaign/"

/* A new folder with one file of a campaign. */
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

/* A campaign.json with these arms; whether it is refused with that word. */
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

static void arms_are_read_whole(void)
{
	CHECK(!refuses_arms("[" ARM("a", OF_W) "," ARM("b", OF_W) "," ARM(
	                            "a", "") "]",
	              ""),
	        "two sets side by side are fine");
	CHECK(refuses_arms(
	              "[" ARM("a", "") "," ARM("a", "") "]", "arms[1].name"),
	        "two arms of one name in a set");
	CHECK(refuses_arms("[" ARM("a", OF_W) "," ARM("a", "") "," ARM(
	                           "b", OF_W) "]",
	              "arms[2].workload"),
	        "a set that another one parts");
	CHECK(refuses_arms(
	              "[" ARM("abcdefghijklmnopq", "") "]", "arms[0].name"),
	        "a name of one byte too many is not cut");
	CHECK(refuses_arms("[" ARM("a", ",\"sha256\":7") "]", "sha256"),
	        "a hash that is a number");
	CHECK(refuses_arms("[" ARM("a", ",\"program\":\"\"") "]", "program"),
	        "an empty path");
	CHECK(refuses_arms("[{\"name\":\"a\",\"control_extra\":1.5}]",
	              "control_extra"),
	        "more than all operations");
}

static bool refuses_option(const char *text)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	int failed = rm_arms_parse(&arms, text, &error);

	rm_arms_clear(&arms);
	return failed == -EINVAL;
}

static void options_are_read_whole(void)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };

	CHECK(refuses_option("base=/bin/true,head=+2%"),
	        "an arm of a share and no file");
	CHECK(!rm_arms_parse(&arms, "a=/bin/true+nan%", &error) &&
	                arms.list[0].control_extra == 0,
	        "nan is no share: it belongs to the file's name");
	rm_arms_clear(&arms);
}

/* The sample with one member of a cell, or of all, set. */
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

static void plans_are_read_whole(void)
{
	CHECK(refuses_plan("id",
	              json_string("sample/gomap_rw/u64x8/n64/w3/update/m0/"
	                          "uniform/t1/cores/throughput"),
	              "twice"),
	        "two cells of one id");
	CHECK(refuses_plan("estimate_ns", json_integer(-1), "estimate_ns"),
	        "a time below 0");
	CHECK(refuses_plan("memory_bytes", json_string("x"), "memory_bytes"),
	        "bytes that are a text");
	CHECK(refuses_plan("repeat", json_pack("{s:s}", "most", "2"), "repeat"),
	        "repeats that are a text");
}

static void a_refused_campaign_is_nobodys(void)
{
	char dir[32];
	json_t *campaign = NULL;
	struct rm_error error = { "" };

	make_folder(dir, "campaign.json", "{\"format\":2}");
	CHECK(rm_folder_campaign(dir, &campaign, &error) && !campaign,
	        "a campaign of another format is freed once");
	remove_folder(dir);
}

/* `lines` as the journal writes them, each with its checksum. */
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

static void attempts_follow_each_other(void)
{
	CHECK(opens(TRY("1") TRY("2")) == 0, "an attempt after the one before");
	CHECK(opens(TRY("1") TRY("3")) == -EINVAL, "an attempt left out");
	CHECK(opens(TRY("2")) == -EINVAL, "no first attempt");
	CHECK(opens(TRY("\"1\"")) == -EINVAL, "an attempt that is a text");
	CHECK(opens(TRY("0")) == -EINVAL, "attempt 0");
	CHECK(opens("{\"cell\":\"a\",\"block\":-1,\"arm\":\"h\"}\n") == -EINVAL,
	        "a block below 0");
}

/* What a file says is quoted, and must not move a terminal's cursor. */
static void messages_are_lines(void)
{
	struct rm_error error = { "" };

	rm_error_set(&error, 0, "said \"%s\"", "a\x1b[2J\nb\tc\x7f");
	CHECK(!strcmp(error.text, "said \"a?[2J?b?c?\""),
	        "control characters of a quoted text are shown as ?");
}

int main(void)
{
	arms_are_read_whole();
	options_are_read_whole();
	plans_are_read_whole();
	a_refused_campaign_is_nobodys();
	attempts_follow_each_other();
	messages_are_lines();
	return DONE();
}
