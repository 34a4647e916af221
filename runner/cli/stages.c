/* SPDX-License-Identifier: Apache-2.0 */
/* stages.c - runs a campaign in stages. The folder DIR contains all state, so
   an interrupt loses only the current trial. */
#include "runner/cli/stages.h"

#include "runner/base/json.h"
#include "runner/base/rng.h"
#include "runner/cli/campaign_run.h"
#include "runner/cli/python.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each stage gets its own seed from this random stream, since a cell that is
   measured again must not repeat the same operations. */
enum { STAGE_STREAM = 3, SEED_SHIFT = 11 };

static void ignore_text(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* Adds the cells and trials of a stage's campaign.json. */
static int add_planned(
        struct rm_stages_done *done, const char *dir, struct rm_error *error)
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
		        done->ran, rm_json_text(cell, "id"), json_true());
		if (json_is_null(json_object_get(cell, "skip")) &&
		        strcmp(rm_json_text(cell, "measure"), "verify") != 0)
			done->timed +=
			        (uint64_t)rm_json_integer(cell, "blocks") *
			        (json_is_true(json_object_get(cell, "control"))
			                        ? 2
			                        : 1);
	}
	json_decref(campaign);
	done->stages++;
	return 0;
}

/* Adds a completed stage to the totals. Returns 0; 1 if the stage is incomplete
   or invalid; -errno with `error`. */
static int add_completed(
        struct rm_stages_done *done, const char *dir, struct rm_error *error)
{
	struct rm_validation validation = { .dir = dir, .report = ignore_text };
	struct rm_error why = { 0 };

	if (rm_validate(&validation, &why) || validation.problems)
		return 1;
	done->incomplete += validation.incomplete;
	return add_planned(done, dir, error);
}

static int run_stage(const struct rm_stages *stages, unsigned number,
        const char *dir, struct rm_run_options *wishes, bool *complete)
{
	const struct rm_stages_options *options = stages->options;
	const struct rm_run_output output = { .command = options->command,
		.is_stage = true };
	struct rm_start_options start = options->start;

	start.has_seed = false; /* a new stage has its own seed; a resumed stage
	                         * uses the recorded one */
	if (number > stages->first) {
		start.busy_ok = true;
		start.wait_idle_s = 0;
	}
	rm_start_apply(&start, wishes);
	wishes->dir = dir;
	wishes->interrupt_fd = options->interrupt_fd;
	return rm_run_campaign(wishes, &output, complete);
}

static int resume_stage(const struct rm_stages *stages, unsigned number,
        const char *dir, bool *complete)
{
	struct rm_arms none = { 0 };
	struct rm_run_options wishes = { .resume = true, .arms = &none };

	printf("stage %u: resuming\n", number);
	return run_stage(stages, number, dir, &wishes, complete);
}

static int begin_stage(const struct rm_stages *stages, unsigned number,
        const struct rm_next_stage *next, const char *dir, const char *list,
        bool *complete)
{
	const struct rm_stages_options *options = stages->options;
	struct rm_override sets[RM_SETS_MAX + 1];
	size_t count = options->sets.count;
	uint64_t seed =
	        rm_seed(rm_seed(options->start.seed, STAGE_STREAM), number) >>
	        SEED_SHIFT;
	char blocks[24], text[24];
	struct rm_arms none = { 0 };
	struct rm_run_options wishes = { .arms = &none,
		.maps = stages->maps[0] ? stages->maps : NULL,
		.cells_from = list,
		.counters = stages->counters,
		.seed = &seed };

	memcpy(sets, options->sets.list, count * sizeof(*sets));
	snprintf(blocks, sizeof(blocks), "%llu",
	        (unsigned long long)next->blocks);
	if (next->blocks)
		sets[count++] =
		        (struct rm_override){ "blocks", blocks, "next", false };
	wishes.sources = (struct rm_sources){ .set = options->kind,
		.mode = options->mode,
		.overrides = sets,
		.override_count = count };
	snprintf(text, sizeof(text), "%u", number);
	wishes.notes = json_pack("{s:s, s:s}", "stage", text, "why", next->why);
	int status = run_stage(stages, number, dir, &wishes, complete);

	json_decref(wishes.notes);
	return status;
}

static void print_stage(const struct rm_stages *stages,
        const struct rm_stages_done *done, unsigned number,
        const struct rm_next_stage *next)
{
	char blocks[40] = "", verified[40] = "";

	if (next->blocks)
		snprintf(blocks, sizeof(blocks), " x %llu blocks",
		        (unsigned long long)next->blocks);
	if (next->trials > next->timed)
		snprintf(verified, sizeof(verified), " and %llu verifications",
		        (unsigned long long)(next->trials - next->timed));
	printf("stage %u: %zu cells%s, %llu trials%s, about ", number,
	        json_array_size(next->cells), blocks,
	        (unsigned long long)next->timed, verified);
	rm_print_time(next->estimate_ns);
	printf("; %llu of at most %llu so far\n    %s\n",
	        (unsigned long long)done->timed,
	        (unsigned long long)stages->options->budget, next->why);
	fflush(stdout);
}

/* Chooses and runs the next stage, and adds its results. Returns 0; 1 if no
   stage is left; -errno with `error`, which is empty if it has been printed.
   *status receives the status of the stage. */
static int next_stage(const struct rm_stages *stages,
        struct rm_stages_done *done, int *status, struct rm_error *error)
{
	struct rm_next_stage next = { 0 };
	unsigned number = done->stages + 1;
	char dir[RM_PATH_BYTES], list[RM_PATH_BYTES];
	bool complete = false;
	char *text = NULL;
	int result = rm_stages_choose_next(stages, done, &next, error);

	if (result == 1)
		printf("%u stages, %llu trials: %s\n", done->stages,
		        (unsigned long long)done->timed, next.why);
	if (!result) {
		text = rm_stages_cell_list(stages, done, number, &next);
		result = text ? rm_staged_write_cells(&stages->staged, number,
		                        text, list, error)
		              : rm_error_set(error, -ENOMEM, "no memory");
	}
	if (!result)
		result = rm_staged_path(stages->staged.dir, number, dir, error);
	if (!result) {
		print_stage(stages, done, number, &next);
		*status = begin_stage(
		        stages, number, &next, dir, list, &complete);
		result =
		        complete ? add_completed(done, dir, error) : -ECANCELED;
		if (result == 1)
			result = rm_error_set(error, -EIO,
			        "%s: changed after it was written; see "
			        "readmostly dev validate %s",
			        dir, dir);
	}
	free(text);
	json_decref(next.answer);
	return result;
}

/* Reads the existing stages. All stages must be complete, except the last one,
   which is then resumed. */
static int restore_stages(struct rm_stages *stages, struct rm_stages_done *done,
        int *status, struct rm_error *error)
{
	unsigned count = rm_staged_count(stages->staged.dir);
	char dir[RM_PATH_BYTES];
	int result = 0;

	for (unsigned i = 1; i <= count && !result; i++) {
		bool complete = false;

		result = rm_staged_path(stages->staged.dir, i, dir, error);
		if (!result)
			result = add_completed(done, dir, error);
		if (result == 1 && i == count) {
			stages->first = i;
			*status = resume_stage(stages, i, dir, &complete);
			result = complete ? add_completed(done, dir, error)
			                  : -ECANCELED;
		}
		if (result == 1)
			result = rm_error_set(error, -EINVAL,
			        "%s: changed after it was written: readmostly "
			        "dev validate %s prints what; start again in "
			        "another folder (-o DIR)",
			        dir, dir);
	}
	return result;
}

/* Runs `report decide`, which writes verdicts.json, and prints its summary. */
static int decide(const struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_report_call call = { .args = { "decide",
		                                     stages->staged.dir },
		.count = 2,
		.interrupt_fd = stages->options->interrupt_fd };
	char *text = NULL;
	int result = rm_python_read(stages->python, &call, &text, error);
	json_t *json = result ? NULL : json_loads(text, 0, NULL);
	const json_t *line;
	size_t i;

	if (!result && !json_is_object(json))
		result = rm_error_set(error, -EIO,
		        "report decide: expected one JSON object as output");
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

static int finish(const struct rm_stages *stages,
        const struct rm_stages_done *done, int result, int status,
        const struct rm_error *error)
{
	const char *command = stages->options->command;
	const char *dir = stages->staged.dir;

	if (error->text[0] && result != -EINTR)
		rm_print_error(command, error, 0);
	if (result == -EINTR)
		status = RM_INTERRUPTED;
	else if (result && result != -ECANCELED)
		status = result == -EINVAL ? RM_USAGE : RM_INCOMPLETE;
	if (result == -EINVAL || status == RM_USAGE ||
	        (result && access(dir, F_OK))) /* the folder was removed */
		return status;
	if (result) {
		printf("status: %s; what was measured is safe, continue with: "
		       "%s %s -o %s --resume\n",
		        status == RM_INTERRUPTED ? "interrupted" : "incomplete",
		        program_invocation_name, command, dir);
		return status;
	}
	if (done->incomplete) {
		printf("status: incomplete: %zu cells failed or have no result "
		       "(the reasons are in the journals of %s)\n",
		        done->incomplete, dir);
		return RM_INCOMPLETE;
	}
	printf("status: done\n");
	return RM_OK;
}

int rm_stages_run(struct rm_stages_options *options)
{
	struct rm_stages stages = { .options = options };
	struct rm_error error = { 0 };
	struct rm_stages_done done = { .ran = json_object() };
	int status = RM_OK;
	int result = rm_stages_begin(&stages, &error);

	if (result || options->plan) {
		status = result ? rm_print_error(options->command, &error,
		                          rm_exit_status(result))
		                : RM_OK;
	} else {
		stages.first = rm_staged_count(stages.staged.dir) + 1;
		result = restore_stages(&stages, &done, &status, &error);
		while (!result)
			result = next_stage(&stages, &done, &status, &error);
		if (result == 1)
			result = decide(&stages, &error);
		status = finish(&stages, &done, result, status, &error);
		fflush(stdout);
	}
	json_decref(done.ran);
	rm_stages_end(&stages);
	return status;
}
