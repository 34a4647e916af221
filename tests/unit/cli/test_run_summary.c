/* SPDX-License-Identifier: Apache-2.0 */
/* test_run_summary.c - counts and exit status at the end of a campaign. */
#include "runner/cli/campaign_run.h"
#include "tests/unit/cli/captured_output.h"

#include <errno.h>

enum { CELLS = 24 };

/* Each cell has two arms; cells of the workload "own" have one. */
static const struct rm_arms arms = {
	.list = { { .name = "base" }, { .name = "head" },
	        { .name = "head", .workload = "own" } },
	.count = 3
};
static struct rm_plan_cell cells[CELLS];
static struct rm_plan plan = { .cells = cells };
static struct rm_tally_cell counts[CELLS];
static struct rm_tally tally;
static struct captured_output captured;

/* Makes cells c0, c1, ... of maps m0, m1, ... All trials are ok. */
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
		counts[i].good[0] = counts[i].good[1] = 6;
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

/* Replaces ok trials of one cell with void and failed ones. */
static void spoil(size_t cell, unsigned voided, unsigned failed)
{
	counts[cell].good[0] = counts[cell].good[1] = 6 - voided - failed;
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

/* Returns the exit status and stores the output in `captured`. */
static int ends(int result, bool interrupted)
{
	int status;

	capture_begin(&captured);
	status = rm_run_summary(&tally, "results/x", result, interrupted);
	capture_end(&captured);
	return status;
}

static void finished(void)
{
	begin(2);
	CHECK(ends(0, false) == RM_OK &&
	                strstr(captured.out,
	                        "12 trials: 12 ok, 0 void, 0 failed, "
	                        "0 skipped\n"),
	        "a campaign without a failure is complete");
	tally.skipped = 100;
	tally.failed = 20;
	tally.voided = 3;
	ends(0, false);
	CHECK(strstr(captured.out,
	              "135 trials: 12 ok, 3 void, 20 failed, 100 skipped\n"),
	        "each trial is counted once");
}

static void void_and_failed(void)
{
	begin(3);
	spoil(0, 2, 0);
	CHECK(ends(0, false) == RM_OK,
	        "a campaign with void trials is complete");
	spoil(1, 1, 3);
	CHECK(ends(0, false) == RM_INCOMPLETE,
	        "a campaign with failed trials is incomplete");
	begin(1);
	counts[0].good[0] = 0;
	CHECK(ends(0, false) == RM_INCOMPLETE,
	        "a cell without a result makes the campaign incomplete");
	begin(1);
	cells[0].misuse = true;
	spoil(0, 1, 5);
	CHECK(ends(0, false) == RM_OK, "a map with an injected bug may fail");
}

static void plan_skips_all(void)
{
	begin(2);
	tally.ok = 0;
	for (size_t i = 0; i < 2; i++) {
		counts[i].good[0] = 0;
		strcpy(cells[i].cell.skip, "no memory");
	}
	plan.trial_count = 0;
	CHECK(ends(0, false) == RM_INCOMPLETE,
	        "a plan that skips all cells is incomplete");
}

static void interruptions(void)
{
	begin(1);
	spoil(0, 0, 1);
	CHECK(ends(0, true) == RM_INTERRUPTED &&
	                ends(-EIO, true) == RM_INTERRUPTED,
	        "an interrupted campaign has its own exit status");
	CHECK(ends(-EIO, false) == RM_INCOMPLETE &&
	                strstr(captured.out, "run -o results/x --resume\n"),
	        "after an error the command that resumes is printed");
}

int main(void)
{
	finished();
	void_and_failed();
	plan_skips_all();
	interruptions();
	begin(0);
	json_decref(tally.unfit);
	return DONE();
}
