/* SPDX-License-Identifier: Apache-2.0 */
/* plan_json.c - writes the plan for campaign.json and reads it. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Members of a planned cell that the trial protocol lacks. */
static const char *const extras[] = { "blocks", "base", "skip", "estimate_ns",
	"memory_bytes", "repeat", "control" };

static json_t *cell_to_json(const struct rm_plan_cell *planned)
{
	json_t *json = rm_cell_to_json(&planned->cell);
	const char *skip = planned->cell.skip;
	bool unbounded = planned->cell.repeat_share > 1;
	json_t *more = json_pack("{s:i s:s s:s? s:I s:I s:{s:f s:i s:o*} s:o*}",
	        "blocks", (int)planned->cell.blocks, "base", planned->base,
	        "skip", skip[0] ? skip : NULL, "estimate_ns",
	        (json_int_t)planned->unscaled_ns, "memory_bytes",
	        (json_int_t)planned->memory_bytes, "repeat", "wait_share",
	        planned->cell.repeat_wait, "most",
	        (int)planned->cell.repeat_most, "share",
	        unbounded ? NULL : json_real(planned->cell.repeat_share),
	        "control", planned->cell.has_control ? json_true() : NULL);

	if (!json || !more || json_object_update(json, more)) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return json;
}

static json_t *cells_to_json(const struct rm_plan *plan)
{
	json_t *cells = json_array();

	for (size_t i = 0; cells && i < plan->cell_count; i++)
		if (json_array_append_new(
		            cells, cell_to_json(&plan->cells[i]))) {
			json_decref(cells);
			return NULL;
		}
	return cells;
}

static json_t *order_to_json(const struct rm_plan *plan)
{
	json_t *order = json_array();

	for (unsigned r = 0; order && r < plan->round_count; r++) {
		const struct rm_plan_round *round = &plan->rounds[r];
		json_t *cells = json_array();
		int failed = json_array_append_new(order, cells);

		for (size_t i = 0; !failed && i < round->count; i++)
			failed = json_array_append_new(cells,
			        json_integer((json_int_t)round->turns[i].cell));
		if (failed) {
			json_decref(order);
			return NULL;
		}
	}
	return order;
}

static json_t *same_to_json(const struct rm_plan *plan)
{
	json_t *same = json_array();

	for (size_t i = 0; same && i < plan->same_count; i++)
		if (json_array_append_new(same,
		            json_pack("{s:s s:s}", "id", plan->same[i].id, "as",
		                    plan->cells[plan->same[i].cell].cell.id))) {
			json_decref(same);
			return NULL;
		}
	return same;
}

json_t *rm_plan_to_json(const struct rm_plan *plan)
{
	return json_pack("{s:I s:o s:o s:o s:I s:I}", "seed",
	        (json_int_t)plan->seed, "cells", cells_to_json(plan), "order",
	        order_to_json(plan), "same", same_to_json(plan), "estimate_ns",
	        (json_int_t)plan->estimate_ns, "memory_bytes",
	        (json_int_t)plan->memory_bytes);
}

static int invalid(struct rm_error *error, const char *what)
{
	return rm_error_set(error, -EINVAL, "plan: %s", what);
}

/* Reads an integer that a double represents exactly. */
static bool read_whole(const json_t *json, uint64_t *value)
{
	json_int_t number = json_integer_value(json);

	if (!json_is_integer(json) || number < 0 ||
	        number > (json_int_t)1 << 53)
		return false;
	*value = (uint64_t)number;
	return true;
}

/* Reads the members `extras`. The file may have been edited or truncated, so
   the numbers must not overflow the plan's members or give a cell zero
   blocks. */
static int read_extras(const json_t *json, struct rm_plan_cell *planned,
        struct rm_error *error)
{
	const char *base = json_string_value(json_object_get(json, "base"));
	const json_t *skip = json_object_get(json, "skip");
	const json_t *control = json_object_get(json, "control");
	const json_t *blocks = json_object_get(json, "blocks");
	json_int_t count = json_integer_value(blocks);
	const char *reason = json_string_value(skip);

	if (!base || strlen(base) >= sizeof(planned->base))
		return invalid(error, "cell.base: expected the id of a map");
	if (count < 1 || count > UINT32_MAX)
		return invalid(error, "cell.blocks: expected a number above 0");
	if (!json_is_null(skip) &&
	        (!reason || !*reason ||
	                strlen(reason) >= sizeof(planned->cell.skip)))
		return invalid(error, "cell.skip: expected null or a reason");
	if (control && !json_is_boolean(control))
		return invalid(error, "cell.control: expected true or false");
	planned->cell.has_control = json_is_true(control);
	strcpy(planned->base, base);
	strcpy(planned->cell.skip, reason ? reason : "");
	planned->cell.blocks = (unsigned)count;
	if (!read_whole(json_object_get(json, "estimate_ns"),
	            &planned->estimate_ns) ||
	        !read_whole(json_object_get(json, "memory_bytes"),
	                &planned->memory_bytes))
		return invalid(error,
		        "cell.estimate_ns, cell.memory_bytes: expected "
		        "integers from 0 to 2^53");
	planned->unscaled_ns = planned->estimate_ns;
	return 0;
}

/* Reads the limits of repeats. Older campaigns lack "repeat", and repeat
   nothing. Others lack "share", and have no budget of repeats. */
static int read_repeat(const json_t *json, struct rm_plan_cell *planned,
        struct rm_error *error)
{
	const json_t *repeat = json_object_get(json, "repeat");
	const json_t *waits = json_object_get(repeat, "wait_share");
	const json_t *times = json_object_get(repeat, "most");
	const json_t *budget = json_object_get(repeat, "share");
	double wait = json_number_value(waits);
	double share = budget ? json_number_value(budget) : RM_REPEATS_MAX;
	json_int_t most = json_integer_value(times);
	bool complete = json_is_number(waits) && json_is_integer(times) &&
	                (!budget || json_is_number(budget));

	if ((repeat && !complete) || !(wait >= 0 && wait < 1) || most < 0 ||
	        most > RM_REPEATS_MAX ||
	        (budget && !(share >= 0 && share <= 1)))
		return invalid(error,
		        "cell.repeat: expected wait_share from 0 to below 1, "
		        "most from 0 to 10, and share, if any, from 0 to 1");
	planned->cell.repeat_wait = wait;
	planned->cell.repeat_most = (unsigned)most;
	planned->cell.repeat_share = share;
	return 0;
}

static int read_cell(const json_t *json, struct rm_plan_cell *planned,
        struct rm_error *error)
{
	json_t *protocol_cell = json_copy((json_t *)(uintptr_t)json);
	int failed;

	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++)
		json_object_del(protocol_cell, extras[i]);
	failed = rm_cell_from_json(protocol_cell, &planned->cell, error);
	json_decref(protocol_cell);
	if (!failed)
		failed = read_repeat(json, planned, error);
	return failed ? failed : read_extras(json, planned, error);
}

/* Checks that ids are unique, since trials refer to their cell by id. */
static int check_ids(const struct rm_plan *plan, struct rm_error *error)
{
	json_t *ids = json_object();
	int failed = ids ? 0 : -ENOMEM;

	for (size_t i = 0; i < plan->cell_count && !failed; i++) {
		const char *id = plan->cells[i].cell.id;

		if (json_object_get(ids, id))
			failed = rm_error_set(error, -EINVAL,
			        "plan: cells: %.200s occurs twice, expected "
			        "each id once",
			        id);
		else
			failed = json_object_set_new(ids, id, json_true());
	}
	json_decref(ids);
	return failed;
}

static int read_cells(
        const json_t *cells, struct rm_plan *plan, struct rm_error *error)
{
	size_t count = json_array_size(cells);

	if (count == 0)
		return invalid(
		        error, "cells: expected an array that is not empty");
	plan->cells = calloc(count, sizeof(*plan->cells));
	if (!plan->cells)
		return rm_error_set(error, -ENOMEM, "out of memory");
	plan->cell_count = count;
	for (size_t i = 0; i < count; i++) {
		int failed = read_cell(
		        json_array_get(cells, i), &plan->cells[i], error);

		if (failed)
			return failed;
	}
	return 0;
}

/* Reads a round, and numbers the blocks of a cell in running order. `done` is
   the number of blocks of each cell in earlier rounds. */
static int read_round(const json_t *json, struct rm_plan *plan, unsigned number,
        unsigned *done, struct rm_error *error)
{
	struct rm_plan_round *round = &plan->rounds[number];
	size_t count = json_array_size(json);
	bool *seen = calloc(plan->cell_count, sizeof(*seen));
	int failed = 0;

	round->turns = calloc(count + 1, sizeof(*round->turns));
	if (!seen || !round->turns) {
		free(seen);
		return rm_error_set(error, -ENOMEM, "out of memory");
	}
	if (!json_is_array(json))
		failed = invalid(error, "order: expected an array of arrays");
	for (size_t i = 0; i < count && !failed; i++) {
		const json_t *item = json_array_get(json, i);
		size_t index = (size_t)json_integer_value(item);
		const char *skip = index < plan->cell_count
		                           ? plan->cells[index].cell.skip
		                           : "?";

		if (!json_is_integer(item) ||
		        (skip[0] && !rm_plan_is_beyond_limit(skip)) ||
		        seen[index]) {
			failed = invalid(error,
			        "order: expected indexes of cells that run, "
			        "each once in a round");
			break;
		}
		seen[index] = true;
		plan->cells[index].waits = skip[0];
		round->turns[round->count++] =
		        (struct rm_plan_turn){ index, done[index]++ };
	}
	free(seen);
	return failed;
}

/* Checks that all blocks are present, since a missing block would count as
   completed. */
static int check_blocks(const struct rm_plan *plan, const unsigned *done,
        struct rm_error *error)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if ((!cell->skip[0] || plan->cells[i].waits) &&
		        done[i] != cell->blocks)
			return invalid(error,
			        "order: expected each cell in as many rounds "
			        "as it has blocks");
	}
	return 0;
}

static int read_order(
        const json_t *order, struct rm_plan *plan, struct rm_error *error)
{
	size_t count = json_array_size(order);
	unsigned *done;
	int failed = 0;

	if (!json_is_array(order))
		return invalid(error, "order: expected an array of rounds");
	done = calloc(plan->cell_count, sizeof(*done));
	plan->rounds = calloc(count + 1, sizeof(*plan->rounds));
	if (!done || !plan->rounds) {
		free(done);
		return rm_error_set(error, -ENOMEM, "out of memory");
	}
	plan->round_count = (unsigned)count;
	for (unsigned r = 0; r < plan->round_count && !failed; r++)
		failed = read_round(
		        json_array_get(order, r), plan, r, done, error);
	if (!failed)
		failed = check_blocks(plan, done, error);
	free(done);
	return failed;
}

static int read_same(
        const json_t *same, struct rm_plan *plan, struct rm_error *error)
{
	size_t count = json_array_size(same);

	plan->same = calloc(count + 1, sizeof(*plan->same));
	if (!plan->same)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(same, i);
		const char *id = json_string_value(json_object_get(item, "id"));
		const char *as = json_string_value(json_object_get(item, "as"));
		size_t cell = 0;

		while (as && cell < plan->cell_count &&
		        /* cells exist below their count
		           NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
		        strcmp(as, plan->cells[cell].cell.id))
			cell++;
		if (!as || !id || strlen(id) >= RM_ID_BYTES ||
		        cell == plan->cell_count)
			return invalid(error, "same: expected cell ids");
		strcpy(plan->same[i].id, id);
		plan->same[i].cell = cell;
		plan->same_count++;
	}
	return 0;
}

/* Sets `misuse` from the member "maps" of campaign.json. */
static void mark_misuses(const json_t *maps, struct rm_plan *plan)
{
	const json_t *map;
	size_t i;

	json_array_foreach (maps, i, map) {
		const char *id = json_string_value(json_object_get(map, "id"));

		if (!id || !json_is_string(json_object_get(map, "misuse")))
			continue;
		for (size_t j = 0; j < plan->cell_count; j++)
			if (!strcmp(plan->cells[j].cell.map, id))
				plan->cells[j].misuse = true;
	}
}

int rm_plan_from_json(
        const json_t *json, struct rm_plan *plan, struct rm_error *error)
{
	const json_t *seed = json_object_get(json, "seed");
	int failed = 0;

	*plan = (struct rm_plan){ 0 };
	if (!json_is_integer(seed) || json_integer_value(seed) < 0)
		failed = invalid(error, "seed: expected an integer from 0 on");
	if (!failed) {
		plan->seed = (uint64_t)json_integer_value(seed);
		failed =
		        read_cells(json_object_get(json, "cells"), plan, error);
	}
	if (!failed)
		failed = check_ids(plan, error);
	if (!failed)
		failed =
		        read_order(json_object_get(json, "order"), plan, error);
	if (!failed)
		failed = read_same(json_object_get(json, "same"), plan, error);
	if (!failed) {
		mark_misuses(json_object_get(json, "maps"), plan);
		rm_plan_total(plan);
	} else {
		rm_plan_free(plan);
	}
	return failed;
}
