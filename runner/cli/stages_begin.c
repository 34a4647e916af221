/* SPDX-License-Identifier: Apache-2.0 */
/* stages_begin.c - all that can be refused is refused before the folder is
   there; stages.json is written last, and fixes the rest. */
#include "runner/cli/stages.h"

#include "runner/base/build_info.h"
#include "runner/base/json.h"
#include "runner/machine/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A search that is worth its name runs a third of the grid's trials at most. */
enum { SEARCH_PART = 3 };

static const char advice[] = "start anew (another -o DIR)";

/* A campaign that is there is gone on with where that was asked for. */
static int find_begun(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_wish *wish = stages->wish;
	json_t *begun = NULL;
	int result =
	        wish->dir ? rm_staged_read(wish->dir, &begun, error) : -ENOENT;

	json_decref(begun);
	if (result == -ENOENT)
		return 0;
	if (!result && !wish->resume)
		return rm_error_set(error, -EEXIST,
		        "%s holds a campaign of stages already, expected a new "
		        "folder (another -o DIR), or --resume",
		        wish->dir);
	if (!result)
		result = rm_staged_open(wish->dir, &stages->staged, error);
	return result ? result
	              : rm_stages_wish_recall(
	                        wish, stages->staged.stages, error);
}

/* "A,B", as --maps takes them. */
static void name_maps(struct rm_stages *stages)
{
	const json_t *id;
	size_t i, used = 0;

	json_array_foreach (stages->wish->maps, i, id)
		used += (size_t)snprintf(stages->maps + used,
		        sizeof(stages->maps) - used, "%s%.*s", i ? "," : "",
		        RM_NAME_BYTES - 1, json_string_value(id));
}

static int read_inputs(struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_stages_wish *wish = stages->wish;
	const struct rm_sources sources = { .set = wish->kind,
		.mode = wish->mode,
		.overrides = wish->sets.list,
		.override_count = wish->sets.count };
	int result = rm_inputs_read(&sources, &stages->planned.inputs, error);

	if (!result)
		result = rm_topology_load(
		        NULL, &stages->planned.topology, error);
	if (!result)
		result = rm_catalog_load(NULL, &stages->planned.catalog, error);
	return result;
}

static int build(struct rm_stages *stages, struct rm_error *error)
{
	const char *maps = stages->maps[0] ? stages->maps : NULL;

	return rm_planned_build(
	               &stages->planned, stages->wish->start.seed, maps, error)
	               ? -EINVAL
	               : 0;
}

/* The cells of some claims: what Python makes of the whole plan, which has no
   folder yet. */
static int restrict_to_ids(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_question question = { .command = stages->wish->command,
		.words = { "claims", "cells", "/dev/stdin" },
		.count = 3,
		.interrupt_fd = stages->wish->interrupt_fd };
	struct rm_planned *planned = &stages->planned;
	json_t *plan = rm_plan_to_json(&planned->plan);
	char *text = plan ? json_dumps(plan, JSON_COMPACT) : NULL, *list = NULL;
	const json_t *id;
	size_t i;
	int result = text ? 0 : rm_error_set(error, -ENOMEM, "no memory");

	json_array_foreach (stages->wish->ids, i, id)
		if (question.count < RM_PYTHON_WORDS)
			question.words[question.count++] =
			        json_string_value(id);
	question.input = text;
	if (!result)
		result = rm_python_ask(stages->python, &question, &list, error);
	if (result == -EIO) /* it has said which id there is not */
		result = -EINVAL;
	if (!result)
		result = rm_cell_list_parse("report claims cells", list,
		        strlen(list), &planned->list, error);
	free(list);
	free(text);
	json_decref(plan);
	if (result)
		return result;
	rm_plan_free(&planned->plan);
	return build(stages, error);
}

/* A map that can run none of the cells would be found out by no trial. */
static int check_maps(const struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_plan *plan = &stages->planned.plan;
	const json_t *id;
	size_t i;

	json_array_foreach (stages->wish->maps, i, id) {
		const char *why = "the mode has no cell for it";
		bool runs = false;

		for (size_t j = 0; j < plan->cell_count && !runs; j++) {
			const struct rm_cell *cell = &plan->cells[j].cell;

			if (strcmp(cell->map, json_string_value(id)) != 0 ||
			        cell->measure == RM_MEASURE_VERIFY)
				continue;
			runs = !cell->skip[0];
			why = cell->skip;
		}
		if (!runs)
			return rm_error_set(error, -EINVAL,
			        "%s runs none of the cells of %s: %.200s",
			        json_string_value(id), stages->mode_name, why);
	}
	return 0;
}

/* Timed trials of all cells, each with its blocks. */
static uint64_t timed_of(const struct rm_plan *plan)
{
	uint64_t timed = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (!cell->skip[0] && cell->measure != RM_MEASURE_VERIFY)
			timed += cell->blocks * rm_plan_trials(cell);
	}
	return timed;
}

static int make_index(struct rm_stages *stages)
{
	const struct rm_plan *plan = &stages->planned.plan;
	int failed = 0;

	stages->index = json_object();
	for (size_t i = 0; i < plan->same_count; i++)
		failed |= json_object_set_new(stages->index, plan->same[i].id,
		        json_integer((json_int_t)plan->same[i].cell));
	for (size_t i = 0; i < plan->cell_count; i++)
		failed |= json_object_set_new(stages->index,
		        plan->cells[i].cell.id, json_integer((json_int_t)i));
	return failed ? -ENOMEM : 0;
}

/* Two maps are searched for where they cross; of claims all cells run. */
static int plan_all(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_wish *wish = stages->wish;
	int result;

	if (wish->needs_maps && !wish->maps)
		return rm_error_set(error, -EINVAL,
		        "%.200s has no stages.json that would say which maps: "
		        "expected the ids of two",
		        wish->dir ? wish->dir : "(no folder)");
	name_maps(stages);
	if (!wish->mode)
		wish->mode = wish->modes[0];
	snprintf(stages->mode_name, sizeof(stages->mode_name), "%s-%s",
	        wish->kind, wish->mode);
	/* what is searched for is a ratio of speeds; claims count, too */
	stages->counters = wish->maps ? "none" : NULL;
	if (!wish->start.has_seed)
		wish->start.seed = rm_campaign_seed();
	result = read_inputs(stages, error);
	if (!result && (!wish->plan || wish->ids))
		result = rm_python_find(stages->python, error);
	if (!result)
		result = build(stages, error);
	if (!result && wish->ids)
		result = restrict_to_ids(stages, error);
	if (!result)
		result = check_maps(stages, error);
	if (!result && make_index(stages))
		result = rm_error_set(error, -ENOMEM, "no memory");
	if (!wish->budget) {
		uint64_t timed = timed_of(&stages->planned.plan);

		wish->budget = wish->maps
		                       ? (timed + SEARCH_PART - 1) / SEARCH_PART
		                       : timed;
	}
	return result;
}

static void say_plan(const struct rm_stages *stages)
{
	const struct rm_plan *plan = &stages->planned.plan;
	const struct rm_stages_wish *wish = stages->wish;
	uint64_t all = timed_of(plan);
	uint64_t most = wish->budget < all ? wish->budget : all;
	double share = all ? (double)most / (double)all : 0;

	printf("%s%s%s: %zu cells, %llu timed trials, about ",
	        stages->mode_name, wish->maps ? " of " : "", stages->maps,
	        plan->cell_count, (unsigned long long)all);
	rm_print_time(plan->estimate_ns);
	printf("\nat most %llu of them are run, about ",
	        (unsigned long long)most);
	rm_print_time((uint64_t)((double)plan->estimate_ns * share));
	if (stages->planned.inputs.budget_ns) {
		printf(" of a budget of ");
		rm_print_time(stages->planned.inputs.budget_ns);
	}
	printf("; disturbed and void trials are repeated on top\n");
	fflush(stdout);
}

/* What it must be the same as, or stages were measured under two names. */
static int same(const struct rm_stages *stages, const char *member,
        const char *now, struct rm_error *error)
{
	const char *begun = rm_json_text(stages->staged.stages, member);

	if (!strcmp(begun, now))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%.200s was begun with %s %.80s, now it is %.80s: %s",
	        stages->staged.dir, member, begun, now, advice);
}

static int check_begun(const struct rm_stages *stages, const char *machine,
        const char *build_id, const json_t *plan, struct rm_error *error)
{
	int result = same(stages, "machine", machine, error);

	if (!result)
		result = same(stages, "build_id", build_id, error);
	if (!result && !rm_staged_has_plan(&stages->staged, plan))
		result = rm_error_set(error, -EINVAL,
		        "%.200s was begun with another plan of %s: a workload, "
		        "or what runs it, was changed: %s",
		        stages->staged.dir, stages->mode_name, advice);
	return result;
}

/* Makes the folder and fixes what it is for. */
static int begin_new(struct rm_stages *stages, const char *machine,
        const char *build_id, const json_t *plan, struct rm_error *error)
{
	const struct rm_stages_wish *wish = stages->wish;
	const struct rm_question question = { .words = { "rule", wish->kind },
		.count = 2,
		.interrupt_fd = wish->interrupt_fd };
	json_t *rule = NULL, *members = rm_stages_wish_members(wish);
	char fresh[RM_PATH_BYTES];
	int result =
	        rm_python_ask_json(stages->python, &question, &rule, error);

	if (!result && !wish->dir)
		result = rm_folder_new(
		        wish->kind, machine, time(NULL), fresh, error);
	if (!result)
		result = rm_staged_open(
		        wish->dir ? wish->dir : fresh, &stages->staged, error);
	/* again, now that nobody else can make one */
	if (!result && stages->staged.stages)
		result = rm_error_set(error, -EEXIST,
		        "%s holds a campaign of stages already",
		        stages->staged.dir);
	if (!result && (!members || json_object_set(members, "rule", rule) ||
	                       json_object_set_new(members, "machine",
	                               json_string(machine)) ||
	                       json_object_set_new(members, "build_id",
	                               json_string(build_id))))
		result = rm_error_set(error, -ENOMEM, "no memory");
	json_decref(rule);
	if (result) {
		json_decref(members);
		return result;
	}
	return rm_staged_begin(&stages->staged, members, plan, error);
}

static int open_folder(struct rm_stages *stages, struct rm_error *error)
{
	json_t *facts = rm_machine_facts(&stages->planned.topology);
	json_t *made = rm_build_info();
	json_t *plan = rm_plan_to_json(&stages->planned.plan);
	const char *machine = rm_json_text(facts, "id");
	const char *build_id = rm_json_text(made, "build_id");
	bool begun = stages->staged.stages;
	int result =
	        !facts || !made || !plan
	                ? rm_error_set(error, -ENOMEM, "no memory")
	        : begun ? check_begun(stages, machine, build_id, plan, error)
	                : begin_new(stages, machine, build_id, plan, error);

	json_decref(facts);
	json_decref(made);
	json_decref(plan);
	if (!result)
		printf("%s %s\n",
		        begun ? "resuming" : "campaign:", stages->staged.dir);
	return result;
}

int rm_stages_begin(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_wish *wish = stages->wish;
	int result = find_begun(stages, error);

	if (!result)
		result = plan_all(stages, error);
	if (!result && !wish->plan)
		result = open_folder(stages, error);
	if (!result)
		say_plan(stages);
	return result;
}

void rm_stages_end(struct rm_stages *stages)
{
	rm_staged_close(&stages->staged);
	rm_planned_clear(&stages->planned);
	json_decref(stages->index);
}
