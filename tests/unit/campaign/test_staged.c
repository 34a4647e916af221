/* SPDX-License-Identifier: Apache-2.0 */
/* test_staged.c - the folder of a staged campaign: its plan, its lock, and
   rejection of changed files. */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>

static char root[64];
static struct rm_error error;
static struct rm_staged staged;

static int reopen(const char *dir)
{
	rm_staged_close(&staged);
	error.text[0] = '\0';
	return rm_staged_open(dir, &staged, &error);
}

static json_t *plan_of(int seed)
{
	return json_pack("{s:i, s:[], s:[]}", "seed", seed, "cells", "order");
}

/* Replaces a text in a file of the folder d. */
static void replace_text(const char *path, const char *from, const char *to)
{
	char text[4096] = "", changed_text[4200], *at;
	FILE *file = fopen(path, "r");

	if (!file)
		abort();
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	at = strstr(text, from);
	if (!at)
		abort();
	snprintf(changed_text, sizeof(changed_text), "%.*s%s%s",
	        (int)(at - text), text, to, at + strlen(from));
	fake_root_write(root, path, changed_text);
}

static void begin_stages(void)
{
	json_t *plan = plan_of(1), *other = plan_of(2), *read = NULL;

	CHECK(reopen("d") == 0 && !staged.stages,
	        "a new folder contains no campaign");
	CHECK(rm_staged_read("d", &read, &error) == -ENOENT && !read &&
	                !error.text[0],
	        "a reader finds no campaign in a new folder");
	CHECK(rm_staged_begin(&staged, json_pack("{s:i}", "budget", 7), plan,
	              &error) == 0 &&
	                rm_staged_has_plan(&staged, plan) &&
	                !rm_staged_has_plan(&staged, other),
	        "a campaign starts with one plan");
	CHECK(rm_staged_read("d", &read, &error) == 0 &&
	                json_integer_value(json_object_get(read, "budget")) ==
	                        7,
	        "the members of a campaign can be read without the lock");
	json_decref(read);
	CHECK(reopen("d") == 0 && rm_staged_has_plan(&staged, plan),
	        "a campaign is the same when it is opened again");
	json_decref(plan);
	json_decref(other);
}

static void lock_stages(void)
{
	struct rm_staged second = { .lock = 0 };

	reopen("d");
	CHECK(rm_staged_open("d", &second, &error) == -EBUSY,
	        "one process owns a campaign");
	rm_staged_close(&second);
	rm_staged_close(&staged);
	CHECK(rm_staged_open("d", &second, &error) == 0,
	        "the lock is released when the campaign is closed");
	rm_staged_close(&second);
}

static void count_stages(void)
{
	char path[RM_PATH_BYTES];

	reopen("d");
	CHECK(rm_staged_path("d", 3, path, &error) == 0 &&
	                !strcmp(path, "d/stage-03"),
	        "a stage is a folder with its number");
	CHECK(rm_staged_write_cells(&staged, 1, "a/b\n", path, &error) == 0 &&
	                !strcmp(path, "d/stage-01/cells.txt") &&
	                access(path, R_OK) == 0 && rm_staged_count("d") == 0,
	        "a stage that has only its list of cells is not counted");
	fake_root_write(root, "d/stage-01/campaign.json", "{}");
	fake_root_write(root, "d/stage-03/campaign.json", "{}");
	CHECK(rm_staged_count("d") == 1,
	        "stages are counted up to the first gap");
	fake_root_write(root, "d/stage-02/campaign.json", "{}");
	CHECK(rm_staged_count("d") == 3,
	        "all stages are counted if there is no gap");
	if (symlink("../d", "d/stage-04"))
		abort();
	CHECK(rm_staged_write_cells(&staged, 4, "a/b\n", path, &error) ==
	                -ELOOP,
	        "a stage that is a link gets no cells");
	CHECK(rm_staged_write(&staged, "note", "text", &error) == 0 &&
	                access("d/note", R_OK) == 0,
	        "other files are written next to the stages");
}

static bool rejects(const char *dir, int result, const char *words)
{
	int got = reopen(dir);

	if (got == result && !staged.stages && strstr(error.text, words))
		return true;
	printf("# %d %s\n", got, error.text);
	return false;
}

static void reject_changed(void)
{
	replace_text("d/stages.json", "\"budget\": 7", "\"budget\": 8");
	CHECK(rejects("d", -EINVAL, "d/stages.json was changed: sha256"),
	        "a changed stages.json is rejected");
	replace_text("d/stages.json", "\"budget\": 8", "\"budget\": 7");
	replace_text("d/plan.json", "\"seed\": 1", "\"seed\": 2");
	CHECK(rejects("d", -EINVAL, "d/plan.json was changed: plan_sha256"),
	        "a changed plan.json is rejected");
	replace_text("d/plan.json", "\"seed\"", "\"seeds\"");
	CHECK(rejects("d", -EINVAL, "d/plan.json: seed, cells or order"),
	        "a plan.json without seed is rejected");
	replace_text("d/plan.json", "\"seeds\": 2", "\"seed\": 1");
	CHECK(reopen("d") == 0, "the restored files are accepted");
	remove("d/plan.json");
	CHECK(rejects("d", -EINVAL, "d/plan.json is missing"),
	        "a missing plan.json is rejected");
	replace_text("d/stages.json", "\"format\": 1", "\"format\": 2");
	CHECK(rejects("d", -EINVAL, "\"format\" is not 1"),
	        "another format is rejected");
	remove("d/stages.json");
	CHECK(rejects("d", -EEXIST, "holds stages, but stages.json is missing"),
	        "stages without stages.json are rejected");
	fake_root_write(root, "c/campaign.json", "{}");
	CHECK(rejects("c", -EEXIST, "c holds a campaign"),
	        "another campaign is rejected");
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	begin_stages();
	lock_stages();
	count_stages();
	reject_changed();
	rm_staged_close(&staged);
	fake_root_remove(root);
	return DONE();
}
