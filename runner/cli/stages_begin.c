/* SPDX-License-Identifier: Apache-2.0 */
/* stages_begin.c - begins or resumes a campaign in stages. Checks everything
   before it creates the folder. It writes stages.json last, and the campaign
   cannot change after that. */
#include "runner/cli/stages.h"

#include "runner/base/build_info.h"
#include "runner/base/json.h"
#include "runner/machine/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A search runs at most 1 / SEARCH_PART of the trials of the full grid. */
enum { SEARCH_PART = 3 };

static const char advice[] = "start anew (another -o DIR)";

/* Opens an existing campaign, which only --resume may continue. */
static int open_existing(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_options *options = stages->options;
	json_t *existing = NULL;
	int result = options->resume
	                     ? rm_folder_check_resume(options->dir, error)
	                     : 0;

	if (result)
		return result;
	result = options->dir ? rm_staged_read(options->dir, &existing, error)
	                      : -ENOENT;
	json_decref(existing);
	if (result == -ENOENT)
		return 0;
	if (!result && !options->resume)
		return rm_error_set(error, -EEXIST,
		        "%s: contains a campaign in stages: expected a new "
		        "folder (-o DIR), or --resume",
		        options->dir);
	if (!result)
		result = rm_staged_open(options->dir, &stages->staged, error);
	return result ? result
	              : rm_stages_options_restore(
	                        options, stages->staged.stages, error);
}

/* Stores the two maps as "A,B", the form of --maps. */
static void name_maps(struct rm_stages *stages)
{
	const json_t *id;
	size_t i, used = 0;

	json_array_foreach (stages->options->maps, i, id)
		used += (size_t)snprintf(stages->maps + used,
		        sizeof(stages->maps) - used, "%s%.*s", i ? "," : "",
		        RM_NAME_BYTES - 1, json_string_value(id));
}

static int read_inputs(struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_stages_options *options = stages->options;
	const struct rm_sources sources = { .set = options->kind,
		.mode = options->mode,
		.overrides = options->sets.list,
		.override_count = options->sets.count };
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

	return rm_planned_build(&stages->planned, stages->options->start.seed,
	               maps, error)
	               ? -EINVAL
	               : 0;
}

/* Lists the cells of a plan that the given claims need. The report reads the
   plan from standard input, since the folder does not exist yet. */
static int list_cells(const struct rm_stages *stages, const char *plan,
        char **list, struct rm_error *error)
{
	struct rm_report_call call = { .command = stages->options->command,
		.args = { "claims", "cells", "/dev/stdin" },
		.count = 3,
		.interrupt_fd = stages->options->interrupt_fd,
		.input = plan };
	const json_t *id;
	size_t i;

	json_array_foreach (stages->options->ids, i, id)
		if (call.count < RM_PYTHON_ARGS)
			call.args[call.count++] = json_string_value(id);
	int result = rm_python_read(stages->python, &call, list, error);

	/* the report has printed the error */
	return result == -EIO ? -EINVAL : result;
}

/* Finds the report. Rejects an unknown id before the plan is made, since a plan
   requires built maps. */
static int find_report(struct rm_stages *stages, struct rm_error *error)
{
	char *list = NULL;
	int result = rm_python_find(stages->python, error);

	if (!result && stages->options->ids)
		result = list_cells(stages, "{\"cells\": []}", &list, error);
	free(list);
	return result;
}

/* Limits the plan to the cells of the given claims. */
static int restrict_to_ids(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_planned *planned = &stages->planned;
	json_t *plan = rm_plan_to_json(&planned->plan);
	char *text = plan ? json_dumps(plan, JSON_COMPACT) : NULL, *list = NULL;
	int result = text ? list_cells(stages, text, &list, error)
	                  : rm_error_set(error, -ENOMEM, "no memory");

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

/* Rejects a map that can run no cell, since trials would not reveal this. */
static int check_maps(const struct rm_stages *stages, struct rm_error *error)
{
	const struct rm_plan *plan = &stages->planned.plan;
	const json_t *id;
	size_t i;

	json_array_foreach (stages->options->maps, i, id) {
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

/* Returns the number of timed trials in all cells, without repeats. */
static uint64_t count_timed(const struct rm_plan *plan)
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

/* Builds the plan and the default budget. A search on two maps runs some of the
   cells; claims run all cells. */
static int plan_all(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_options *options = stages->options;
	int result;

	if (options->resume && !stages->staged.stages && !options->maps &&
	        !options->ids)
		return rm_error_set(error, -EINVAL,
		        "%.200s: no stages.json to resume, expected the folder "
		        "of a search; `readmostly run -o DIR --resume` resumes "
		        "a campaign without stages",
		        options->dir ? options->dir : "(no folder)");
	name_maps(stages);
	if (!options->mode)
		options->mode = options->modes[0];
	snprintf(stages->mode_name, sizeof(stages->mode_name), "%s-%s",
	        options->kind, options->mode);
	/* a search compares only throughput, but claims may need counters */
	stages->counters = options->maps ? "none" : NULL;
	if (!options->start.has_seed)
		options->start.seed = rm_draw_random_seed();
	result = read_inputs(stages, error);
	if (!result && (!options->plan || options->ids))
		result = find_report(stages, error);
	if (!result)
		result = build(stages, error);
	if (!result && options->ids)
		result = restrict_to_ids(stages, error);
	if (!result)
		result = check_maps(stages, error);
	if (!result && make_index(stages))
		result = rm_error_set(error, -ENOMEM, "no memory");
	if (!options->budget) {
		uint64_t timed = count_timed(&stages->planned.plan);

		options->budget =
		        options->maps ? (timed + SEARCH_PART - 1) / SEARCH_PART
		                      : timed;
	}
	return result;
}

static void print_plan(const struct rm_stages *stages)
{
	const struct rm_plan *plan = &stages->planned.plan;
	const struct rm_stages_options *options = stages->options;
	uint64_t all = count_timed(plan);
	uint64_t most = options->budget < all ? options->budget : all;
	double share = all ? (double)most / (double)all : 0;

	printf("%s%s%s: %zu cells, %llu timed trials, about ",
	        stages->mode_name, options->maps ? " of " : "", stages->maps,
	        plan->cell_count, (unsigned long long)all);
	rm_print_time(plan->estimate_ns);
	printf("\nat most %llu of them will run, about ",
	        (unsigned long long)most);
	rm_print_time((uint64_t)((double)plan->estimate_ns * share));
	if (stages->planned.inputs.budget_ns) {
		printf(" of a budget of ");
		rm_print_time(stages->planned.inputs.budget_ns);
	}
	printf("; disturbed and void trials are repeated in addition\n");
	fflush(stdout);
}

/* Checks a value that must be equal in all stages of a campaign. */
static int check_unchanged(const struct rm_stages *stages, const char *member,
        const char *now, struct rm_error *error)
{
	const char *existing = rm_json_text(stages->staged.stages, member);

	if (!strcmp(existing, now))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%.200s: started with %s %.80s, now %.80s: %s",
	        stages->staged.dir, member, existing, now, advice);
}

static int check_begun(const struct rm_stages *stages, const char *machine,
        const char *build_id, const json_t *plan, struct rm_error *error)
{
	int result = check_unchanged(stages, "machine", machine, error);

	if (!result)
		result = check_unchanged(stages, "build_id", build_id, error);
	if (!result && !rm_staged_has_plan(&stages->staged, plan))
		result = rm_error_set(error, -EINVAL,
		        "%.200s: started with another plan of %s: a workload, "
		        "the code that runs it, or a limit of memory or "
		        "processes changed: restore it, or %s",
		        stages->staged.dir, stages->mode_name, advice);
	return result;
}

static int create_campaign(struct rm_stages *stages, const char *machine,
        const char *build_id, const json_t *plan, struct rm_error *error)
{
	const struct rm_stages_options *options = stages->options;
	const struct rm_report_call call = { .args = { "rule", options->kind },
		.count = 2,
		.interrupt_fd = options->interrupt_fd };
	json_t *rule = NULL, *members = rm_stages_options_to_json(options);
	char fresh[RM_PATH_BYTES];
	int result = rm_python_read_json(stages->python, &call, &rule, error);

	if (!result && !options->dir)
		result = rm_folder_new(
		        options->kind, machine, time(NULL), fresh, error);
	if (!result)
		result = rm_staged_open(options->dir ? options->dir : fresh,
		        &stages->staged, error);
	/* checked again, now that the lock excludes other processes */
	if (!result && stages->staged.stages)
		result = rm_error_set(error, -EEXIST,
		        "%s: contains a campaign in stages already",
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
	bool existing = stages->staged.stages;
	int result =
	        !facts || !made || !plan
	                ? rm_error_set(error, -ENOMEM, "no memory")
	        : existing ? check_begun(stages, machine, build_id, plan, error)
	                   : create_campaign(
	                             stages, machine, build_id, plan, error);

	json_decref(facts);
	json_decref(made);
	json_decref(plan);
	if (!result)
		printf("%s %s\n", existing ? "resuming" : "campaign:",
		        stages->staged.dir);
	return result;
}

int rm_stages_begin(struct rm_stages *stages, struct rm_error *error)
{
	struct rm_stages_options *options = stages->options;
	int result = open_existing(stages, error);

	if (!result)
		result = plan_all(stages, error);
	if (!result && !options->plan)
		result = open_folder(stages, error);
	if (!result)
		print_plan(stages);
	return result;
}

void rm_stages_end(struct rm_stages *stages)
{
	rm_staged_close(&stages->staged);
	rm_planned_clear(&stages->planned);
	json_decref(stages->index);
}
