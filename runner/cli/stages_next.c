/* SPDX-License-Identifier: Apache-2.0 */
/* stages_next.c - what `python3 -m report next` asks for is held against the
   plan and the budget before anything runs. */
#include "runner/cli/stages.h"

#include "runner/base/json.h"

#include <errno.h>
#include <stdlib.h>

static int refuse(struct rm_error *error, const char *what)
{
	return rm_error_set(error, -EIO, "report next: %s", what);
}

/* One cell that was asked for: what it costs. Those that the plan does not have
   are named by the reader of cells.txt. */
static void count_cell(
        const struct rm_stages *stages, const char *id, struct rm_asked *asked)
{
	const json_t *at = json_object_get(stages->index, id);
	const struct rm_plan_cell *planned =
	        at ? &stages->planned.plan.cells[json_integer_value(at)] : NULL;
	bool verifies = planned && planned->cell.measure == RM_MEASURE_VERIFY;
	uint64_t blocks;

	if (!planned || planned->cell.skip[0])
		return;
	blocks = asked->blocks && !verifies ? asked->blocks
	                                    : planned->cell.blocks;
	blocks *= rm_plan_trials(&planned->cell);
	asked->timed += verifies ? 0 : blocks;
	asked->trials += blocks;
	asked->estimate_ns += blocks * planned->estimate_ns;
}

static int read_answer(const struct rm_stages *stages,
        const struct rm_past *past, struct rm_asked *asked,
        struct rm_error *error)
{
	const json_t *answer = asked->answer, *id;
	const json_t *blocks = json_object_get(answer, "blocks");
	json_int_t count = json_integer_value(blocks);
	size_t i;

	if (rm_json_whole(answer, "stage") != past->stages + 1)
		return rm_error_set(error, -EIO,
		        "report next: stage %lld, expected %u",
		        (long long)rm_json_whole(answer, "stage"),
		        past->stages + 1);
	if (!json_array_size(asked->cells))
		return refuse(error, "cells: expected ids of cells");
	if (blocks && !json_is_null(blocks) && (count < 1 || count > 10000))
		return refuse(error, "blocks: expected null or 1 to 10000");
	asked->blocks = (uint64_t)count;
	json_array_foreach (asked->cells, i, id) {
		if (!json_is_string(id))
			return refuse(error, "cells: expected ids of cells");
		count_cell(stages, json_string_value(id), asked);
	}
	if (past->timed + asked->timed > stages->wish->budget)
		return rm_error_set(error, -EIO,
		        "report next: %llu trials after %llu, expected at most "
		        "%llu in all (budget_trials)",
		        (unsigned long long)asked->timed,
		        (unsigned long long)past->timed,
		        (unsigned long long)stages->wish->budget);
	return 0;
}

int rm_stages_ask(const struct rm_stages *stages, const struct rm_past *past,
        struct rm_asked *asked, struct rm_error *error)
{
	const struct rm_question question = { .words = { "next",
		                                      stages->staged.dir },
		.count = 2,
		.interrupt_fd = stages->wish->interrupt_fd };
	int result = rm_python_ask_json(
	        stages->python, &question, &asked->answer, error);

	if (result)
		return result;
	asked->cells = json_object_get(asked->answer, "cells");
	asked->why = rm_json_text(asked->answer, "why");
	if (rm_json_whole(asked->answer, "format") != 1)
		return refuse(error, "format: expected 1");
	if (!json_is_array(asked->cells) || !*asked->why)
		return refuse(error, "expected cells, and why");
	if (json_is_null(json_object_get(asked->answer, "stage")))
		return 1;
	return read_answer(stages, past, asked, error);
}

/* Adds the verification of a cell to a list where no stage has run it. */
static void add_verification(const struct rm_stages *stages, json_t *ran,
        const char *id, struct rm_asked *asked, FILE *out)
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
	count_cell(stages, verify->id, asked);
}

char *rm_stages_list(const struct rm_stages *stages, const struct rm_past *past,
        unsigned number, struct rm_asked *asked)
{
	char *text = NULL, why[256];
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	json_t *ran = json_copy(past->ran);
	const json_t *id;

	if (!out || !ran)
		goto out;
	snprintf(why, sizeof(why), "%s", asked->why);
	rm_line_clean(why);
	fprintf(out, "# Stage %u: %s\n", number, why);
	json_array_foreach (asked->cells, i, id) {
		fprintf(out, "%s\n", json_string_value(id));
		json_object_set_new(ran, json_string_value(id), json_true());
	}
	json_array_foreach (asked->cells, i, id)
		add_verification(
		        stages, ran, json_string_value(id), asked, out);
out:
	json_decref(ran);
	if (out && fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
