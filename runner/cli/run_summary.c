/* SPDX-License-Identifier: Apache-2.0 */
/* run_summary.c - prints the outcome of a campaign. */
#include "runner/base/limits.h"
#include "runner/cli/campaign_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CELLS_NAMED = 20 };

/* True if the reason is an error of the program, not of its map. */
static bool is_of_program(const char *reason)
{
	return strstr(reason, "cannot start ") ||
	       strstr(reason, "no answer, ") ||
	       strstr(reason, "ended with status ") ||
	       strstr(reason, "this program has another map ");
}

static void print_unverified(const struct rm_tally *tally)
{
	const char *map;
	json_t *reason;
	bool has_failed = false, is_program = false;

	json_object_foreach (tally->unfit, map, reason) {
		bool limited =
		        strstr(json_string_value(reason), RM_LIMIT_WORDS);

		printf("%s: %s: %s\n",
		        limited ? "not verified" : "failed verification", map,
		        json_string_value(reason));
		is_program |= is_of_program(json_string_value(reason));
		has_failed |=
		        !limited && !is_of_program(json_string_value(reason));
	}
	if (has_failed)
		printf("`readmostly check MAP` looks for the error of a map in "
		       "C or C++\n");
	if (is_program)
		printf("docs/reference/trial-protocol.md describes the program "
		       "of a map\n");
}

/* True if the map of a cell failed its verification. The output then lists the
   map, not the cell. */
static bool is_unfit(const struct rm_tally *tally, size_t cell)
{
	return json_object_get(
	               tally->unfit, tally->plan->cells[cell].cell.map) != NULL;
}

static unsigned failed_count(const struct rm_tally_cell *cell)
{
	return cell->failed;
}

static unsigned voided_count(const struct rm_tally_cell *cell)
{
	return cell->voided;
}

/* Returns the reason of the last void trial that no repeat has replaced. */
static const char *void_reason(const struct rm_tally_cell *cell)
{
	const char *place;
	json_t *reason, *last = NULL;

	json_object_foreach (cell->voids, place, reason)
		last = reason;
	return last ? json_string_value(last) : "no reason";
}

/* Prints the cells with failed or void trials. `count` returns the number of
   these trials. */
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
		        tally->plan->cells[i].misuse && count == failed_count
		                ? ", as an injected bug may,"
		                : "",
		        times,
		        cell->blocks *
		                rm_arms_find_set(tally->arms, cell).count,
		        cell->id,
		        count == voided_count ? void_reason(&tally->cells[i])
		                              : tally->cells[i].reason);
	}
	if (more)
		printf("%s: and %zu more cells; all are in trials.jsonl\n",
		        what, more);
}

/* Prints each reason why the plan skips cells, once, with the number of cells.
   If `limits` is true, prints only limits of this machine, otherwise all other
   reasons. */
static void print_planned_skips(const struct rm_plan *plan, bool limits)
{
	json_t *reasons = json_object();
	const char *reason;
	json_t *count;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const char *why = plan->cells[i].cell.skip;
		json_int_t before =
		        json_integer_value(json_object_get(reasons, why));

		if (why[0] && limits == rm_plan_is_beyond_limit(why))
			json_object_set_new(
			        reasons, why, json_integer(before + 1));
	}
	json_object_foreach (reasons, reason, count)
		printf("skipped by the plan, %lld cells: %s\n",
		        (long long)json_integer_value(count), reason);
	json_decref(reasons);
}

/* Prints the status and the command that resumes. The command contains the path
   by which this program was called, since only the same build can resume the
   campaign. */
static int print_status(const struct rm_tally *tally, const char *dir,
        int result, bool interrupted)
{
	size_t incomplete = rm_tally_incomplete(tally);

	if (interrupted) {
		printf("status: interrupted; continue with: %s run -o %s "
		       "--resume\n",
		        program_invocation_name, dir);
		return RM_INTERRUPTED;
	}
	if (result == -ESTALE) {
		printf("status: incomplete: %s is no longer the folder of this "
		       "campaign\n",
		        dir);
		return RM_INCOMPLETE;
	}
	if (result) {
		printf("status: incomplete: stopped by an error; what was "
		       "measured is safe, continue with: %s run -o %s "
		       "--resume\n",
		        program_invocation_name, dir);
		return RM_INCOMPLETE;
	}
	if (incomplete) {
		printf("status: incomplete: %zu of %zu cells failed or have "
		       "no result\n",
		        incomplete, tally->plan->cell_count);
		return RM_INCOMPLETE;
	}
	if (rm_plan_measures_nothing(tally->plan)) {
		printf("status: incomplete: the plan skips all cells that "
		       "measure\n");
		return RM_INCOMPLETE;
	}
	printf("status: done\n");
	return RM_OK;
}

void rm_run_failures(const struct rm_tally *tally)
{
	fflush(stderr);
	/* If the plan measures nothing, the page prints all reasons. */
	if (!rm_plan_measures_nothing(tally->plan))
		print_planned_skips(tally->plan, true);
	print_cells(tally, "void", voided_count);
	print_unverified(tally);
	print_cells(tally, "failed", failed_count);
	fflush(stdout);
}

void rm_run_counts(const struct rm_tally *tally)
{
	print_planned_skips(tally->plan, false);
	if (rm_plan_measures_nothing(tally->plan))
		print_planned_skips(tally->plan, true);
	rm_run_failures(tally);
	printf("%zu trials: %zu ok, %zu void, %zu failed, %zu skipped\n",
	        tally->ok + tally->voided + tally->failed + tally->skipped,
	        tally->ok, tally->voided, tally->failed, tally->skipped);
	if (tally->repeated)
		printf("%zu trials repeated, since other processes disturbed "
		       "them or they were void; %zu of the trials that count "
		       "were disturbed\n",
		        tally->repeated, tally->disturbed);
	if (tally->refused)
		printf("%zu trials stayed disturbed or void after the budget "
		       "of repeats (repeat-share) was spent\n",
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
