/* SPDX-License-Identifier: Apache-2.0 */
/* run_summary.c - what a campaign came to, for a person. */
#include "runner/cli/campaign_run.h"

#include <errno.h>
#include <stdio.h>

enum { CELLS_NAMED = 20 };

static void print_unfit(const struct rm_tally *tally)
{
	const char *map;
	json_t *reason;

	json_object_foreach (tally->unfit, map, reason)
		printf("failed verification: %s: %s\n", map,
		        json_string_value(reason));
}

/* Cells of maps that are unfit are named by their map alone. */
static bool is_unfit(const struct rm_tally *tally, size_t cell)
{
	return json_object_get(
	               tally->unfit, tally->plan->cells[cell].cell.map) != NULL;
}

static unsigned failed_of(const struct rm_tally_cell *cell)
{
	return cell->failed;
}

static unsigned voided_of(const struct rm_tally_cell *cell)
{
	return cell->voided;
}

/* Of the last void trial that counts: one that a repeat has mended is none. */
static const char *why_void(const struct rm_tally_cell *cell)
{
	const char *place;
	json_t *reason, *last = NULL;

	json_object_foreach (cell->voids, place, reason)
		last = reason;
	return last ? json_string_value(last) : "no reason";
}

/* Cells of one kind of trouble; `count` finds it in a cell. */
static void print_cells(const struct rm_tally *tally, const char *what,
        unsigned (*count)(const struct rm_tally_cell *))
{
	size_t named = 0, more = 0;

	for (size_t i = 0; i < tally->plan->cell_count; i++) {
		const struct rm_cell *cell = &tally->plan->cells[i].cell;
		unsigned times = count(&tally->cells[i]);

		if (!times || is_unfit(tally, i))
			continue;
		if (named == CELLS_NAMED) {
			more++;
			continue;
		}
		named++;
		printf("%s%s %u of %zu: %s: %s\n", what,
		        tally->plan->cells[i].misuse && count == failed_of
		                ? ", as a planted misuse may,"
		                : "",
		        times,
		        cell->blocks * rm_arms_of(tally->arms, cell).count,
		        cell->id,
		        count == voided_of ? why_void(&tally->cells[i])
		                           : tally->cells[i].reason);
	}
	if (more)
		printf("%s: and %zu cells more; all are in trials.jsonl\n",
		        what, more);
}

/* Each reason for which the plan skips cells, once, with their number. */
static void print_planned_skips(const struct rm_plan *plan)
{
	json_t *reasons = json_object();
	const char *reason;
	json_t *count;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const char *why = plan->cells[i].cell.skip;
		json_int_t before =
		        json_integer_value(json_object_get(reasons, why));

		if (why[0])
			json_object_set_new(
			        reasons, why, json_integer(before + 1));
	}
	json_object_foreach (reasons, reason, count)
		printf("skipped by the plan, %lld cells: %s\n",
		        (long long)json_integer_value(count), reason);
	json_decref(reasons);
}

/* Another build does not go on with it, not even one of the same sources that
   has other maps: so the program is named as it was called. */
static int print_status(const struct rm_tally *tally, const char *dir,
        int result, bool interrupted)
{
	size_t incomplete = rm_tally_incomplete(tally);

	if (interrupted) {
		printf("status: interrupted; go on with: %s run -o %s "
		       "--resume\n",
		        program_invocation_name, dir);
		return RM_INTERRUPTED;
	}
	if (result) {
		printf("status: incomplete: stopped by an error; what was "
		       "measured is safe, go on with: %s run -o %s --resume\n",
		        program_invocation_name, dir);
		return RM_INCOMPLETE;
	}
	if (incomplete) {
		printf("status: incomplete: %zu of %zu cells failed or have "
		       "no result\n",
		        incomplete, tally->plan->cell_count);
		return RM_INCOMPLETE;
	}
	if (!tally->plan->trial_count) {
		printf("status: incomplete: the plan skips all %zu cells\n",
		        tally->plan->cell_count);
		return RM_INCOMPLETE;
	}
	printf("status: done\n");
	return RM_OK;
}

void rm_run_failures(const struct rm_tally *tally)
{
	fflush(stderr);
	print_cells(tally, "void", voided_of);
	print_unfit(tally);
	print_cells(tally, "failed", failed_of);
	fflush(stdout);
}

void rm_run_counts(const struct rm_tally *tally)
{
	print_planned_skips(tally->plan);
	rm_run_failures(tally);
	printf("%zu trials: %zu ok, %zu void, %zu failed, %zu skipped\n",
	        tally->ok + tally->voided + tally->failed + tally->skipped,
	        tally->ok, tally->voided, tally->failed, tally->skipped);
	if (tally->repeated)
		printf("%zu repeated, since others disturbed them or they were "
		       "void; %zu of those that count were disturbed\n",
		        tally->repeated, tally->disturbed);
	if (tally->refused)
		printf("%zu stayed disturbed or void where the budget of "
		       "repeats (repeat-share) was spent\n",
		        tally->refused);
}

int rm_run_summary(const struct rm_tally *tally, const char *dir, int result,
        bool interrupted)
{
	rm_run_counts(tally);
	int status = print_status(tally, dir, result, interrupted);

	fflush(stdout);
	return status;
}
