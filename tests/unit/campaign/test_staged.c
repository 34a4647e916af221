/* SPDX-License-Identifier: Apache-2.0 */
/* test_staged.c - the folder of a staged campaign: begun once, owned by one,
   trusted only as it was written. */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>

static char root[64];
static struct rm_error error;
static struct rm_staged staged;

static int opened(const char *dir)
{
	rm_staged_close(&staged);
	error.text[0] = '\0';
	return rm_staged_open(dir, &staged, &error);
}

static json_t *plan_of(int seed)
{
	return json_pack("{s:i, s:[], s:[]}", "seed", seed, "cells", "order");
}

/* Puts another text in place of one in a file of the folder d. */
static void change(const char *path, const char *from, const char *to)
{
	char text[4096] = "", made[4200], *at;
	FILE *file = fopen(path, "r");

	if (!file)
		abort();
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	at = strstr(text, from);
	if (!at)
		abort();
	snprintf(made, sizeof(made), "%.*s%s%s", (int)(at - text), text, to,
	        at + strlen(from));
	fake_root_write(root, path, made);
}

static void begun(void)
{
	json_t *plan = plan_of(1), *other = plan_of(2), *read = NULL;

	CHECK(opened("d") == 0 && !staged.stages,
	        "a new folder is made and nothing has begun there");
	CHECK(rm_staged_read("d", &read, &error) == -ENOENT && !read &&
	                !error.text[0],
	        "who reads it finds none");
	CHECK(rm_staged_begin(&staged, json_pack("{s:i}", "budget", 7), plan,
	              &error) == 0 &&
	                rm_staged_has_plan(&staged, plan) &&
	                !rm_staged_has_plan(&staged, other),
	        "it is begun with one plan");
	CHECK(rm_staged_read("d", &read, &error) == 0 &&
	                json_integer_value(json_object_get(read, "budget")) ==
	                        7,
	        "anybody may read what it was begun with");
	json_decref(read);
	CHECK(opened("d") == 0 && rm_staged_has_plan(&staged, plan),
	        "opened again it is the same");
	json_decref(plan);
	json_decref(other);
}

static void owned(void)
{
	struct rm_staged second = { .lock = 0 };

	opened("d");
	CHECK(rm_staged_open("d", &second, &error) == -EBUSY,
	        "one process owns it");
	rm_staged_close(&second);
	rm_staged_close(&staged);
	CHECK(rm_staged_open("d", &second, &error) == 0,
	        "and no longer than it is open");
	rm_staged_close(&second);
}

static void stages_are_counted(void)
{
	char path[RM_PATH_BYTES];

	opened("d");
	CHECK(rm_staged_path("d", 3, path, &error) == 0 &&
	                !strcmp(path, "d/stage-03"),
	        "a stage is a folder with its number");
	CHECK(rm_staged_list(&staged, 1, "a/b\n", path, &error) == 0 &&
	                !strcmp(path, "d/stage-01/cells.txt") &&
	                access(path, R_OK) == 0 && rm_staged_count("d") == 0,
	        "one that has its cells only is not begun");
	fake_root_write(root, "d/stage-01/campaign.json", "{}");
	fake_root_write(root, "d/stage-03/campaign.json", "{}");
	CHECK(rm_staged_count("d") == 1, "stages are counted to the first gap");
	fake_root_write(root, "d/stage-02/campaign.json", "{}");
	CHECK(rm_staged_count("d") == 3, "and without one all of them");
	if (symlink("../d", "d/stage-04"))
		abort();
	CHECK(rm_staged_list(&staged, 4, "a/b\n", path, &error) == -ELOOP,
	        "a stage that leads elsewhere gets no cells");
	CHECK(rm_staged_write(&staged, "note", "text", &error) == 0 &&
	                access("d/note", R_OK) == 0,
	        "other files stand beside them");
}

static bool refused(const char *dir, int result, const char *words)
{
	int got = opened(dir);

	if (got == result && !staged.stages && strstr(error.text, words))
		return true;
	printf("# %d %s\n", got, error.text);
	return false;
}

static void changed(void)
{
	change("d/stages.json", "\"budget\": 7", "\"budget\": 8");
	CHECK(refused("d", -EINVAL, "d/stages.json was changed: sha256"),
	        "stages.json must be as it was written");
	change("d/stages.json", "\"budget\": 8", "\"budget\": 7");
	change("d/plan.json", "\"seed\": 1", "\"seed\": 2");
	CHECK(refused("d", -EINVAL, "d/plan.json was changed: plan_sha256"),
	        "so must plan.json");
	change("d/plan.json", "\"seed\"", "\"seeds\"");
	CHECK(refused("d", -EINVAL, "d/plan.json: seed, cells or order"),
	        "which is a plan");
	change("d/plan.json", "\"seeds\": 2", "\"seed\": 1");
	CHECK(opened("d") == 0, "as they were they are taken again");
	remove("d/plan.json");
	CHECK(refused("d", -EINVAL, "d/plan.json is missing"),
	        "without a plan there is nothing to go on with");
	change("d/stages.json", "\"format\": 1", "\"format\": 2");
	CHECK(refused("d", -EINVAL, "\"format\" is not 1"),
	        "nor in another format");
	remove("d/stages.json");
	CHECK(refused("d", -EEXIST, "holds stages, and their stages.json"),
	        "stages of nobody are not begun anew");
	fake_root_write(root, "c/campaign.json", "{}");
	CHECK(refused("c", -EEXIST, "c holds a campaign"),
	        "nor is another campaign");
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	begun();
	owned();
	stages_are_counted();
	changed();
	rm_staged_close(&staged);
	fake_root_remove(root);
	return DONE();
}
