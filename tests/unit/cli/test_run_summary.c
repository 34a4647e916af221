/* SPDX-License-Identifier: Apache-2.0 */
/* test_run_summary.c - the last words of a campaign: all of them, no others. */
#include "runner/cli/run_summary.h"
#include "tests/unit/cli/said.h"

#include <errno.h>

enum { CELLS = 24 };

/* Two arms run each cell; those of the workload "own" have a set of one. */
static const struct rm_arms arms = {
	.list = { { .name = "base" }, { .name = "head" },
	        { .name = "head", .workload = "own" } },
	.count = 3
};
static struct rm_plan_cell cells[CELLS];
static struct rm_plan plan = { .cells = cells };
static struct rm_tally_cell counts[CELLS];
static struct rm_tally tally;
static struct said said;

/* Cells c0, c1, ... of the maps m0, m1, ..., all of whose trials were ok. */
static void begin(size_t number)
{
	for (size_t i = 0; i < CELLS; i++)
		json_decref(counts[i].voids);
	memset(cells, 0, sizeof(cells));
	memset(counts, 0, sizeof(counts));
	for (size_t i = 0; i < CELLS; i++) {
		struct rm_cell *cell = &cells[i].cell;

		snprintf(cell->id, sizeof(cell->id), "c%zu", i);
		snprintf(cell->map, sizeof(cell->map), "m%zu", i);
		cell->blocks = 3;
		counts[i].ok = 6;
	}
	plan.cell_count = number;
	plan.trial_count = 6 * number;
	json_decref(tally.unfit);
	tally = (struct rm_tally){ .plan = &plan,
		.arms = &arms,
		.cells = counts,
		.unfit = json_object(),
		.ok = 6 * number };
}

/* Trials of one cell that did not end well: it has no good one. */
static void spoil(size_t cell, unsigned voided, unsigned failed)
{
	counts[cell].ok = 6 - voided - failed;
	counts[cell].voided = voided;
	counts[cell].failed = failed;
	snprintf(counts[cell].reason, sizeof(counts[cell].reason), "reason %zu",
	        cell);
	json_decref(counts[cell].voids);
	counts[cell].voids =
	        voided ? json_pack("{s:s}", "0 0", counts[cell].reason) : NULL;
	tally.ok -= voided + failed;
	tally.voided += voided;
	tally.failed += failed;
}

/* Whether all that is printed is `words`, and that is the status. */
static bool ends(int result, bool interrupted, int status, const char *words)
{
	int got;

	said_begin(&said);
	got = rm_run_summary(&tally, "results/x", result, interrupted);
	said_end(&said);
	if (got != status)
		printf("# status %d, expected %d\n", got, status);
	return same_words(said.out, words) && same_words(said.err, "") &&
	       got == status;
}

static bool counted(const char *words)
{
	said_begin(&said);
	rm_run_counts(&tally);
	said_end(&said);
	return same_words(said.out, words) && same_words(said.err, "");
}

static void all_is_well(void)
{
	begin(2);
	CHECK(ends(0, false, RM_OK,
	              "12 trials: 12 ok, 0 void, 0 failed, 0 skipped\n"
	              "status: done\n"),
	        "a campaign where all is well says two lines and ends with 0");
	CHECK(counted("12 trials: 12 ok, 0 void, 0 failed, 0 skipped\n"),
	        "counts alone are without a status");
	tally.skipped = 100;
	tally.failed = 20;
	tally.voided = 3;
	CHECK(counted("135 trials: 12 ok, 3 void, 20 failed, 100 skipped\n"),
	        "each trial is counted once, under its name");
}

static void cells_are_named(void)
{
	begin(3);
	spoil(0, 2, 0);
	CHECK(ends(0, false, RM_OK,
	              "void 2 of 6: c0: reason 0\n"
	              "18 trials: 16 ok, 2 void, 0 failed, 0 skipped\n"
	              "status: done\n"),
	        "a cell with void trials is named, of trials of all arms");
	spoil(1, 1, 3);
	CHECK(ends(0, false, RM_INCOMPLETE,
	              "void 2 of 6: c0: reason 0\n"
	              "void 1 of 6: c1: reason 1\n"
	              "failed 3 of 6: c1: reason 1\n"
	              "18 trials: 12 ok, 3 void, 3 failed, 0 skipped\n"
	              "status: incomplete: 1 of 3 cells failed or have no "
	              "result\n"),
	        "void ones come before failed ones, which are incomplete");
	begin(1);
	spoil(0, 2, 1);
	json_object_set_new(counts[0].voids, "1 2", json_string("was late"));
	CHECK(counted("void 2 of 6: c0: was late\n"
	              "failed 1 of 6: c0: reason 0\n"
	              "6 trials: 3 ok, 2 void, 1 failed, 0 skipped\n"),
	        "void trials have the reason of the last of them, failed ones "
	        "their own");
	begin(1);
	strcpy(cells[0].cell.workload, "own");
	spoil(0, 1, 0);
	CHECK(counted("void 1 of 3: c0: reason 0\n"
	              "6 trials: 5 ok, 1 void, 0 failed, 0 skipped\n"),
	        "a workload with a set of its own has trials of that set");
}

static void a_misuse_may_fail(void)
{
	begin(1);
	cells[0].misuse = true;
	spoil(0, 1, 5);
	CHECK(ends(0, false, RM_OK,
	              "void 1 of 6: c0: reason 0\n"
	              "failed, as a planted misuse may, 5 of 6: c0: reason 0\n"
	              "6 trials: 0 ok, 1 void, 5 failed, 0 skipped\n"
	              "status: done\n"),
	        "a planted misuse may fail, and is said to, but not when it "
	        "is void");
}

static void an_unfit_map_is_named_once(void)
{
	begin(3);
	strcpy(cells[1].cell.map, "m0");
	json_object_set_new(tally.unfit, "m0", json_string("lost a key"));
	spoil(0, 1, 2);
	spoil(1, 1, 2);
	spoil(2, 1, 1);
	CHECK(counted("void 1 of 6: c2: reason 2\n"
	              "failed verification: m0: lost a key\n"
	              "failed 1 of 6: c2: reason 2\n"
	              "18 trials: 10 ok, 3 void, 5 failed, 0 skipped\n"),
	        "of a map that failed its verification no cell is named");
}

/* The lines of cells first .. last - 1, each with one trial of six. */
static void add_lines(char *words, const char *what, size_t last)
{
	for (size_t i = 0; i < last; i++)
		sprintf(words + strlen(words), "%s 1 of 6: c%zu: reason %zu\n",
		        what, i, i);
}

static void twenty_are_named(void)
{
	char words[SAID_BYTES] = "";

	begin(20);
	for (size_t i = 0; i < 20; i++)
		spoil(i, 1, 0);
	add_lines(words, "void", 20);
	strcat(words, "120 trials: 100 ok, 20 void, 0 failed, 0 skipped\n");
	CHECK(counted(words), "twenty cells are named");
	begin(CELLS);
	words[0] = '\0';
	for (size_t i = 0; i < CELLS; i++)
		spoil(i, 0, 1);
	add_lines(words, "failed", 20);
	strcat(words, "failed: and 4 cells more; all are in trials.jsonl\n"
	              "144 trials: 120 ok, 0 void, 24 failed, 0 skipped\n");
	CHECK(counted(words), "of more than twenty the others are counted");
}

static void what_the_plan_skips(void)
{
	begin(5);
	strcpy(cells[0].cell.skip, "no such CPU");
	strcpy(cells[2].cell.skip, "no memory");
	strcpy(cells[4].cell.skip, "no such CPU");
	CHECK(counted("skipped by the plan, 2 cells: no such CPU\n"
	              "skipped by the plan, 1 cells: no memory\n"
	              "30 trials: 30 ok, 0 void, 0 failed, 0 skipped\n"),
	        "each reason of the plan is said once, with its cells");
	begin(2);
	tally.ok = 0;
	for (size_t i = 0; i < 2; i++) {
		counts[i].ok = 0;
		strcpy(cells[i].cell.skip, "no memory");
	}
	plan.trial_count = 0;
	CHECK(ends(0, false, RM_INCOMPLETE,
	              "skipped by the plan, 2 cells: no memory\n"
	              "0 trials: 0 ok, 0 void, 0 failed, 0 skipped\n"
	              "status: incomplete: the plan skips all 2 cells\n"),
	        "a plan that skips all is not done");
}

static void what_was_repeated(void)
{
	begin(1);
	tally.repeated = 7;
	tally.disturbed = 2;
	CHECK(counted("6 trials: 6 ok, 0 void, 0 failed, 0 skipped\n"
	              "7 repeated, since others disturbed them or they were "
	              "void; 2 of those that count were disturbed\n"),
	        "repeats are told, and what none of them mended");
	tally.repeated = 0;
	tally.refused = 4;
	CHECK(counted("6 trials: 6 ok, 0 void, 0 failed, 0 skipped\n"
	              "4 stayed disturbed or void where the budget of "
	              "repeats (repeat-share) was spent\n"),
	        "and those that the budget did not allow");
}

static void how_to_go_on(void)
{
	static char called[] = "build/readmostly";
	static const char interrupted[] =
	        "6 trials: 5 ok, 0 void, 1 failed, 0 skipped\n"
	        "status: interrupted; go on with: build/readmostly run -o "
	        "results/x "
	        "--resume\n";

	program_invocation_name = called;
	begin(1);
	tally.ok = 5;
	tally.failed = 1;
	CHECK(ends(0, true, RM_INTERRUPTED, interrupted),
	        "who was interrupted is told how to go on, and ends with 75");
	CHECK(ends(-EIO, true, RM_INTERRUPTED, interrupted),
	        "whatever else went wrong");
	CHECK(ends(-EIO, false, RM_INCOMPLETE,
	              "6 trials: 5 ok, 0 void, 1 failed, 0 skipped\n"
	              "status: incomplete: stopped by an error; what was "
	              "measured is safe, go on with: build/readmostly run -o "
	              "results/x --resume\n"),
	        "an error leaves what was measured, and says so");
	plan.trial_count = 0;
	counts[0].ok = 0;
	CHECK(ends(0, false, RM_INCOMPLETE,
	              "6 trials: 5 ok, 0 void, 1 failed, 0 skipped\n"
	              "status: incomplete: 1 of 1 cells failed or have no "
	              "result\n"),
	        "a cell without a result is incomplete");
}

int main(void)
{
	all_is_well();
	cells_are_named();
	a_misuse_may_fail();
	an_unfit_map_is_named_once();
	twenty_are_named();
	what_the_plan_skips();
	what_was_repeated();
	how_to_go_on();
	begin(0);
	json_decref(tally.unfit);
	return DONE();
}
