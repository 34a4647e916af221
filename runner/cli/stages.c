/* SPDX-License-Identifier: Apache-2.0 */
/* stages.c - asks for a stage, runs it, and again; what ran is in DIR alone, so
   that any end loses no more than the trial that ran. */
#include "runner/cli/stages.h"

#include "runner/base/json.h"
#include "runner/base/rng.h"
#include "runner/cli/campaign_run.h"
#include "runner/cli/python.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stream of the seed: no two stages meet the same keys in the same order, or a
   cell that is measured again would repeat itself. */
enum { STAGE_STREAM = 3, SEED_SHIFT = 11 };

static void ignore(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* Adds what a stage's campaign.json planned. */
static int add_planned(
        struct rm_past *past, const char *dir, struct rm_error *error)
{
	char path[RM_PATH_BYTES + 32];
	json_t *campaign;
	const json_t *cell;
	size_t i;

	snprintf(path, sizeof(path), "%s/campaign.json", dir);
	campaign = json_load_file(path, 0, NULL);
	if (!campaign)
		return rm_error_set(error, -EIO, "%s cannot be read", path);
	json_array_foreach (json_object_get(campaign, "cells"), i, cell) {
		json_object_set_new(
		        past->ran, rm_json_text(cell, "id"), json_true());
		if (json_is_null(json_object_get(cell, "skip")) &&
		        strcmp(rm_json_text(cell, "measure"), "verify") != 0)
			past->timed +=
			        (uint64_t)rm_json_whole(cell, "blocks") *
			        (json_is_true(json_object_get(cell, "control"))
			                        ? 2
			                        : 1);
	}
	json_decref(campaign);
	past->stages++;
	return 0;
}

/* 0 and the past with this stage, if it is complete and whole; 1 where it is
   not. -errno with `error`. */
static int absorb(struct rm_past *past, const char *dir, struct rm_error *error)
{
	struct rm_validation validation = { .dir = dir, .report = ignore };
	struct rm_error why = { 0 };

	if (rm_validate(&validation, &why) || validation.problems)
		return 1;
	past->incomplete += validation.incomplete;
	return add_planned(past, dir, error);
}

static int run_stage(const struct rm_stages *stages, unsigned number,
        const char *dir, struct rm_wishes *wishes, bool *whole)
{
	const struct rm_stages_wish *wish = stages->wish;
	const struct rm_telling telling = { .command = wish->command,
		.is_stage = true };
	struct rm_start start = wish->start;

	start.has_seed = false; /* each stage has its own, or has begun */
	if (number > stages->first) {
		start.busy_ok = true;
		start.wait_idle_s = 0;
	}
	rm_start_wishes(&start, wishes);
	wishes->dir = dir;
	wishes->interrupt_fd = wish->interrupt_fd;
	return rm_run_campaign(wishes, &telling, whole);
}

/* The stage that was running at the end. */
static int resume_stage(const struct rm_stages *stages, unsigned number,
        const char *dir, bool *whole)
{
	struct rm_arms none = { 0 };
	struct rm_wishes wishes = { .resume = true, .arms = &none };

	printf("stage %u: the rest of it\n", number);
	return run_stage(stages, number, dir, &wishes, whole);
}

static int begin_stage(const struct rm_stages *stages, unsigned number,
        const struct rm_asked *asked, const char *dir, const char *list,
        bool *whole)
{
	const struct rm_stages_wish *wish = stages->wish;
	struct rm_override sets[RM_SETS_MAX + 1];
	size_t count = wish->sets.count;
	uint64_t seed =
	        rm_seed(rm_seed(wish->start.seed, STAGE_STREAM), number) >>
	        SEED_SHIFT;
	char blocks[24], text[24];
	struct rm_arms none = { 0 };
	struct rm_wishes wishes = { .arms = &none,
		.maps = stages->maps[0] ? stages->maps : NULL,
		.cells_from = list,
		.counters = stages->counters,
		.seed = &seed };

	memcpy(sets, wish->sets.list, count * sizeof(*sets));
	snprintf(blocks, sizeof(blocks), "%llu",
	        (unsigned long long)asked->blocks);
	if (asked->blocks)
		sets[count++] =
		        (struct rm_override){ "blocks", blocks, "next", false };
	wishes.sources = (struct rm_sources){ .set = wish->kind,
		.mode = wish->mode,
		.overrides = sets,
		.override_count = count };
	snprintf(text, sizeof(text), "%u", number);
	wishes.notes =
	        json_pack("{s:s, s:s}", "stage", text, "why", asked->why);
	int status = run_stage(stages, number, dir, &wishes, whole);

	json_decref(wishes.notes);
	return status;
}

static void say_stage(const struct rm_stages *stages,
        const struct rm_past *past, unsigned number,
        const struct rm_asked *asked)
{
	char blocks[40] = "", verified[40] = "";

	if (asked->blocks)
		snprintf(blocks, sizeof(blocks), " x %llu blocks",
		        (unsigned long long)asked->blocks);
	if (asked->trials > asked->timed)
		snprintf(verified, sizeof(verified), " and %llu verifications",
		        (unsigned long long)(asked->trials - asked->timed));
	printf("stage %u: %zu cells%s, %llu trials%s, about ", number,
	        json_array_size(asked->cells), blocks,
	        (unsigned long long)asked->timed, verified);
	rm_print_time(asked->estimate_ns);
	printf("; %llu of at most %llu so far\n    %s\n",
	        (unsigned long long)past->timed,
	        (unsigned long long)stages->wish->budget, asked->why);
	fflush(stdout);
}

/* The next stage from the question to its last trial. 0; 1: none is left;
   -errno with `error`, which is empty where all is said; *status: of the
   stage. */
static int next_stage(const struct rm_stages *stages, struct rm_past *past,
        int *status, struct rm_error *error)
{
	struct rm_asked asked = { 0 };
	unsigned number = past->stages + 1;
	char dir[RM_PATH_BYTES], list[RM_PATH_BYTES];
	bool whole = false;
	char *text = NULL;
	int result = rm_stages_ask(stages, past, &asked, error);

	if (result == 1)
		printf("%u stages, %llu trials: %s\n", past->stages,
		        (unsigned long long)past->timed, asked.why);
	if (!result) {
		text = rm_stages_list(stages, past, number, &asked);
		result = text ? rm_staged_list(&stages->staged, number, text,
		                        list, error)
		              : rm_error_set(error, -ENOMEM, "no memory");
	}
	if (!result)
		result = rm_staged_path(stages->staged.dir, number, dir, error);
	if (!result) {
		say_stage(stages, past, number, &asked);
		*status =
		        begin_stage(stages, number, &asked, dir, list, &whole);
		result = whole ? absorb(past, dir, error) : -ECANCELED;
		if (result == 1)
			result = rm_error_set(error, -EIO,
			        "%s: not as it was written (readmostly dev "
			        "validate %s)",
			        dir, dir);
	}
	free(text);
	json_decref(asked.answer);
	return result;
}

/* Stages that are there: all must be whole, but for the last one, which is
   finished first. */
static int recall_stages(struct rm_stages *stages, struct rm_past *past,
        int *status, struct rm_error *error)
{
	unsigned count = rm_staged_count(stages->staged.dir);
	char dir[RM_PATH_BYTES];
	int result = 0;

	for (unsigned i = 1; i <= count && !result; i++) {
		bool whole = false;

		result = rm_staged_path(stages->staged.dir, i, dir, error);
		if (!result)
			result = absorb(past, dir, error);
		if (result == 1 && i == count) {
			stages->first = i;
			*status = resume_stage(stages, i, dir, &whole);
			result = whole ? absorb(past, dir, error) : -ECANCELED;
		}
		if (result == 1)
			result = rm_error_set(error, -EINVAL,
			        "%s: not as it was written, which readmostly "
			        "dev "
			        "validate %s names: start anew in another "
			        "folder (-o DIR)",
			        dir, dir);
	}
	return result;
}

/* The verdicts as they are printed, and their words where there are any. */
static int decide(const struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_question question = { .words = { "decide",
		                                      stages->staged.dir },
		.count = 2,
		.interrupt_fd = stages->wish->interrupt_fd };
	char *text = NULL;
	int result = rm_python_ask(stages->python, &question, &text, error);
	json_t *json = result ? NULL : json_loads(text, 0, NULL);
	const json_t *line;
	size_t i;

	if (!result && !json_is_object(json))
		result = rm_error_set(
		        error, -EIO, "report decide: expected a JSON object");
	if (!result)
		result = rm_staged_write(
		        &stages->staged, "verdicts.json", text, error);
	if (!result) {
		json_array_foreach (json_object_get(json, "words"), i, line)
			printf("%s\n", json_string_value(line));
		printf("verdicts: %s/verdicts.json\n", stages->staged.dir);
	}
	json_decref(json);
	free(text);
	return result;
}

static int end(const struct rm_stages *stages, const struct rm_past *past,
        int result, int status, const struct rm_error *error)
{
	const char *command = stages->wish->command;
	const char *dir = stages->staged.dir;

	if (error->text[0] && result != -EINTR)
		rm_complain(command, error, 0);
	if (result == -EINTR)
		status = RM_INTERRUPTED;
	else if (result && result != -ECANCELED)
		status = result == -EINVAL ? RM_USAGE : RM_INCOMPLETE;
	if (result == -EINVAL || status == RM_USAGE)
		return status;
	if (result) {
		printf("status: %s; what was measured is safe, go on with: "
		       "%s dev %s -o %s --resume\n",
		        status == RM_INTERRUPTED ? "interrupted" : "incomplete",
		        program_invocation_name, command, dir);
		return status;
	}
	if (past->incomplete) {
		printf("status: incomplete: %zu cells failed or have no result "
		       "(the reasons are in the journals of %s)\n",
		        past->incomplete, dir);
		return RM_INCOMPLETE;
	}
	printf("status: done\n");
	return RM_OK;
}

int rm_stages_run(struct rm_stages_wish *wish)
{
	struct rm_stages stages = { .wish = wish };
	struct rm_error error = { 0 };
	struct rm_past past = { .ran = json_object() };
	int status = RM_OK;
	int result = rm_stages_begin(&stages, &error);

	if (result || wish->plan) {
		status = result ? rm_complain(wish->command, &error,
		                          rm_status_of(result))
		                : RM_OK;
	} else {
		stages.first = rm_staged_count(stages.staged.dir) + 1;
		result = recall_stages(&stages, &past, &status, &error);
		while (!result)
			result = next_stage(&stages, &past, &status, &error);
		if (result == 1)
			result = decide(&stages, &error);
		status = end(&stages, &past, result, status, &error);
		fflush(stdout);
	}
	json_decref(past.ran);
	rm_stages_end(&stages);
	return status;
}
