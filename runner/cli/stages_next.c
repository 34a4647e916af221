/* SPDX-License-Identifier: Apache-2.0 */
/* stages_next.c - runs `python3 -m report next` and checks its output against
   the plan and the budget before any trial runs. */
#include "runner/cli/stages.h"

#include "runner/base/json.h"

#include <errno.h>
#include <stdlib.h>

static int reject(struct rm_error *error, const char *what)
{
	return rm_error_set(error, -EIO, "report next: %s", what);
}

/* Adds the trials of one chosen cell. Ignores an id that is not in the plan,
   since the reader of cells.txt reports it. */
static void count_cell(const struct rm_stages *stages, const char *id,
        struct rm_next_stage *next)
{
	const json_t *at = json_object_get(stages->index, id);
	const struct rm_plan_cell *planned =
	        at ? &stages->planned.plan.cells[json_integer_value(at)] : NULL;
	bool verifies = planned && planned->cell.measure == RM_MEASURE_VERIFY;
	uint64_t blocks;

	if (!planned || planned->cell.skip[0])
		return;
	blocks =
	        next->blocks && !verifies ? next->blocks : planned->cell.blocks;
	blocks *= rm_plan_trials(&planned->cell);
	next->timed += verifies ? 0 : blocks;
	next->trials += blocks;
	next->estimate_ns += blocks * planned->estimate_ns;
}

static int check_next(const struct rm_stages *stages,
        const struct rm_stages_done *done, struct rm_next_stage *next,
        struct rm_error *error)
{
	const json_t *answer = next->answer, *id;
	const json_t *blocks = json_object_get(answer, "blocks");
	json_int_t count = json_integer_value(blocks);
	size_t i;

	if (rm_json_integer(answer, "stage") != done->stages + 1)
		return rm_error_set(error, -EIO,
		        "report next: stage %lld, expected %u",
		        (long long)rm_json_integer(answer, "stage"),
		        done->stages + 1);
	if (!json_array_size(next->cells))
		return reject(error, "cells: expected cell ids");
	if (blocks && !json_is_null(blocks) && (count < 1 || count > 10000))
		return reject(error, "blocks: expected null or 1 to 10000");
	next->blocks = (uint64_t)count;
	json_array_foreach (next->cells, i, id) {
		if (!json_is_string(id))
			return reject(error, "cells: expected cell ids");
		count_cell(stages, json_string_value(id), next);
	}
	if (done->timed + next->timed > stages->options->budget)
		return rm_error_set(error, -EIO,
		        "report next: %llu trials after %llu, expected at most "
		        "%llu in all (budget_trials)",
		        (unsigned long long)next->timed,
		        (unsigned long long)done->timed,
		        (unsigned long long)stages->options->budget);
	return 0;
}

int rm_stages_choose_next(const struct rm_stages *stages,
        const struct rm_stages_done *done, struct rm_next_stage *next,
        struct rm_error *error)
{
	const struct rm_report_call call = { .args = { "next",
		                                     stages->staged.dir },
		.count = 2,
		.interrupt_fd = stages->options->interrupt_fd };
	int result = rm_python_read_json(
	        stages->python, &call, &next->answer, error);

	if (result)
		return result;
	next->cells = json_object_get(next->answer, "cells");
	next->why = rm_json_text(next->answer, "why");
	if (rm_json_integer(next->answer, "format") != 1)
		return reject(error, "format: expected 1");
	if (!json_is_array(next->cells) || !*next->why)
		return reject(error, "expected cells, and why");
	if (json_is_null(json_object_get(next->answer, "stage")))
		return 1;
	return check_next(stages, done, next, error);
}

/* Appends the verification that a cell needs, if it has not run yet. */
static void add_verification(const struct rm_stages *stages, json_t *ran,
        const char *id, struct rm_next_stage *next, FILE *out)
{
	const struct rm_plan *plan = &stages->planned.plan;
	const json_t *at = json_object_get(stages->index, id);
	const struct rm_cell *verify =
	        at ? rm_plan_verification(
	                     plan, &plan->cells[json_integer_value(at)].cell)
	           : NULL;

	if (!verify || json_object_get(ran, verify->id))
		return;
	json_object_set_new(ran, verify->id, json_true());
	fprintf(out, "%s\n", verify->id);
	count_cell(stages, verify->id, next);
}

char *rm_stages_cell_list(const struct rm_stages *stages,
        const struct rm_stages_done *done, unsigned number,
        struct rm_next_stage *next)
{
	char *text = NULL, why[256];
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	json_t *ran = json_copy(done->ran);
	const json_t *id;

	if (!out || !ran)
		goto out;
	snprintf(why, sizeof(why), "%s", next->why);
	rm_text_sanitize(why);
	fprintf(out, "# Stage %u: %s\n", number, why);
	json_array_foreach (next->cells, i, id) {
		fprintf(out, "%s\n", json_string_value(id));
		json_object_set_new(ran, json_string_value(id), json_true());
	}
	json_array_foreach (next->cells, i, id)
		add_verification(stages, ran, json_string_value(id), next, out);
out:
	json_decref(ran);
	if (out && fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
