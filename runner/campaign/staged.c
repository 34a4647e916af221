/* SPDX-License-Identifier: Apache-2.0 */
/* staged.c - reads and writes the folder of a staged campaign: its plan and its
   stages. The caller chooses the cells of the next stage. */
#include "runner/campaign/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char advice[] = "start a new campaign in another folder (-o DIR)";

static int check_hash(const char *dir, const char *what, const json_t *stages,
        const char *member, const char *made, struct rm_error *error)
{
	const char *recorded =
	        json_string_value(json_object_get(stages, member));

	if (recorded && !strcmp(recorded, made))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%.200s/%s was changed: %s is %.64s, expected %s: %s", dir,
	        what, member, recorded ? recorded : "(none)", made, advice);
}

/* Checks that plan.json exists and has its recorded hash. */
static int check_plan(
        const char *dir, const json_t *stages, struct rm_error *error)
{
	char hash[RM_SHA256_TEXT] = "";
	json_t *plan = NULL;
	int result = rm_folder_json(dir, "plan.json", &plan, error);

	if (result == -ENOENT)
		return rm_error_set(error, -EINVAL,
		        "%.200s/plan.json is missing: %s", dir, advice);
	if (!result && rm_plan_hash(plan, hash))
		result = rm_error_set(error, -EINVAL,
		        "%.200s/plan.json: seed, cells or order are missing: "
		        "%s",
		        dir, advice);
	json_decref(plan);
	return result ? result
	              : check_hash(dir, "plan.json", stages, "plan_sha256",
	                        hash, error);
}

static int check_stages(
        const char *dir, const json_t *stages, struct rm_error *error)
{
	char hash[RM_SHA256_TEXT];

	if (json_integer_value(json_object_get(stages, "format")) != 1)
		return rm_error_set(error, -EINVAL,
		        "%.200s/stages.json: \"format\" is not 1, expected a "
		        "staged campaign of this version",
		        dir);
	if (rm_campaign_hash(stages, hash))
		return rm_error_set(error, -ENOMEM, "no memory");
	return check_hash(dir, "stages.json", stages, "sha256", hash, error);
}

int rm_staged_read(const char *dir, json_t **stages, struct rm_error *error)
{
	int result = rm_folder_json(dir, "stages.json", stages, error);

	if (!result)
		result = check_stages(dir, *stages, error);
	if (!result)
		result = check_plan(dir, *stages, error);
	if (result) {
		json_decref(*stages);
		*stages = NULL;
	}
	return result;
}

/* Checks a folder without stages.json: it may contain neither stages nor
   another campaign. */
static int check_new(const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	int result = rm_path_join(path, dir, "campaign.json", error);

	if (result)
		return result;
	if (!access(path, F_OK))
		return rm_error_set(error, -EEXIST,
		        "%s holds a campaign, expected a new folder or a "
		        "staged campaign (another -o DIR)",
		        dir);
	if (rm_staged_count(dir))
		return rm_error_set(error, -EEXIST,
		        "%s holds stages, but stages.json is missing: %s", dir,
		        advice);
	return 0;
}

int rm_staged_open(
        const char *dir, struct rm_staged *staged, struct rm_error *error)
{
	int result = rm_folder_make(dir, error);
	int lock;

	if (result)
		return result;
	snprintf(staged->dir, sizeof(staged->dir), "%s", dir);
	lock = rm_folder_lock(dir, error);
	if (lock < 0)
		return lock;
	staged->lock = lock + 1;
	result = rm_staged_read(dir, &staged->stages, error);
	return result == -ENOENT ? check_new(dir, error) : result;
}

static int write_json(const struct rm_staged *staged, const char *name,
        const json_t *json, struct rm_error *error)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	int result = text ? rm_staged_write(staged, name, text, error)
	                  : rm_error_set(error, -ENOMEM, "no memory");

	free(text);
	return result;
}

int rm_staged_begin(struct rm_staged *staged, json_t *members,
        const json_t *plan, struct rm_error *error)
{
	char plan_hash[RM_SHA256_TEXT], hash[RM_SHA256_TEXT];
	int result = 0;

	staged->stages = members;
	if (!members || !plan || rm_plan_hash(plan, plan_hash) ||
	        json_object_set_new(members, "format", json_integer(1)) ||
	        json_object_set_new(
	                members, "plan_sha256", json_string(plan_hash)) ||
	        rm_campaign_hash(members, hash) ||
	        json_object_set_new(members, "sha256", json_string(hash)))
		result = rm_error_set(error, -ENOMEM, "no memory");
	if (!result)
		result = write_json(staged, "plan.json", plan, error);
	if (!result)
		/* written last: a resume accepts the folder from then on */
		result = write_json(staged, "stages.json", members, error);
	return result;
}

/* Returns the seed and the cells of a plan. Drops the skip reasons of cells
   that were beyond a limit at the start, since the limit may have changed. */
static json_t *drop_limits(const json_t *plan, const json_t *recorded)
{
	const json_t *before = json_object_get(recorded, "cells");
	json_t *cells = json_deep_copy(json_object_get(plan, "cells"));

	for (size_t i = 0; i < json_array_size(cells); i++)
		if (rm_plan_is_beyond_limit(json_string_value(json_object_get(
		            json_array_get(before, i), "skip"))))
			json_object_del(json_array_get(cells, i), "skip");
	return json_pack("{s:O*, s:o*}", "seed", json_object_get(plan, "seed"),
	        "cells", cells);
}

bool rm_staged_has_plan(const struct rm_staged *staged, const json_t *plan)
{
	json_t *recorded = NULL;
	struct rm_error none = { 0 };
	int failed = rm_folder_json(staged->dir, "plan.json", &recorded, &none);
	json_t *before = drop_limits(recorded, recorded);
	json_t *now = drop_limits(plan, recorded);
	bool equal = !failed && json_equal(before, now);

	json_decref(before);
	json_decref(now);
	json_decref(recorded);
	return equal;
}

int rm_staged_path(const char *dir, unsigned number, char path[RM_PATH_BYTES],
        struct rm_error *error)
{
	char name[32];

	snprintf(name, sizeof(name), "stage-%02u", number);
	return rm_path_join(path, dir, name, error);
}

unsigned rm_staged_count(const char *dir)
{
	char stage[RM_PATH_BYTES], path[RM_PATH_BYTES];
	unsigned count = 0;

	while (!rm_staged_path(dir, count + 1, stage, NULL) &&
	        !rm_path_join(path, stage, "campaign.json", NULL) &&
	        !access(path, F_OK))
		count++;
	return count;
}

unsigned rm_staged_highest(const char *dir)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	unsigned last = 0, number;

	while (folder && (entry = readdir(folder)))
		if (sscanf(entry->d_name, "stage-%u", &number) == 1 &&
		        number > last)
			last = number;
	if (folder)
		closedir(folder);
	return last;
}

int rm_staged_write(const struct rm_staged *staged, const char *name,
        const char *text, struct rm_error *error)
{
	return rm_file_replace(staged->dir, name, text, strlen(text), error);
}

int rm_staged_write_cells(const struct rm_staged *staged, unsigned number,
        const char *text, char path[RM_PATH_BYTES], struct rm_error *error)
{
	char stage[RM_PATH_BYTES], name[32];
	int result;

	snprintf(name, sizeof(name), "stage-%02u", number);
	result = rm_folder_make_nofollow(stage, staged->dir, name, error);
	if (!result)
		result = rm_file_replace(
		        stage, "cells.txt", text, strlen(text), error);
	return result ? result : rm_path_join(path, stage, "cells.txt", error);
}

void rm_staged_close(struct rm_staged *staged)
{
	json_decref(staged->stages);
	if (staged->lock)
		close(staged->lock - 1);
	memset(staged, 0, sizeof(*staged));
}
