/* SPDX-License-Identifier: Apache-2.0 */
/* test_campaign.c - which trials a campaign runs, by which arm, and when it
   stops. This file simulates them: it replaces rm_cell_trial_run() and
   rm_arm_program(). */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>

enum { CELLS = 2, TRIALS_MAX = 32 };

static struct played {
	char trials[TRIALS_MAX][32]; /* cell and arm, such as "a head" */
	uint64_t seeds[TRIALS_MAX], padding[TRIALS_MAX];
	unsigned count;
	unsigned interrupted_at; /* number of the interrupted trial; 0 for
	                            none */
	const char *fails;       /* cell whose trials all fail, or NULL */
} played;

static struct rm_plan_cell cells[CELLS] = {
	{ .cell = { .id = "a",
	          .map = "m",
	          .measure = RM_MEASURE_THROUGHPUT,
	          .threads = 1,
	          .blocks = 3 },
	        .estimate_ns = 1000 },
	{ .cell = { .id = "b",
	          .map = "m",
	          .measure = RM_MEASURE_THROUGHPUT,
	          .threads = 1,
	          .blocks = 3 },
	        .estimate_ns = 1000 },
};
static struct rm_plan_turn order[3][CELLS] = { { { 0, 0 }, { 1, 0 } },
	{ { 1, 1 }, { 0, 1 } }, { { 0, 2 }, { 1, 2 } } };
static struct rm_plan_round rounds[3] = { { order[0], CELLS },
	{ order[1], CELLS }, { order[2], CELLS } };
static const struct rm_plan plan = { .seed = 1,
	.cells = cells,
	.cell_count = CELLS,
	.rounds = rounds,
	.round_count = 3,
	.trial_count = 6 };
static char program[] = "p";
static struct rm_arms arms = { .list = { { .name = "base", .program = program },
	                               { .name = "head", .program = program } },
	.count = 2 };
static struct rm_error error;
static struct rm_tally tally;
static bool interrupted;
static struct rm_progress progress;

const char *rm_arm_program(const struct rm_arm *arm, const struct rm_cell *cell,
        char path[RM_PROGRAM_BYTES])
{
	(void)arm;
	(void)cell;
	return strcpy(path, "p");
}

int rm_cell_trial_run(const struct rm_cell_trial_run *play,
        struct rm_outcome *outcome, struct rm_error *why)
{
	unsigned at = played.count++;
	bool fails = played.fails && !strcmp(played.fails, play->cell->id);

	(void)why;
	snprintf(played.trials[at], sizeof(played.trials[at]), "%.8s %.16s",
	        play->cell->id, play->arm->name);
	played.seeds[at] = play->seed;
	played.padding[at] = play->padding_seed;
	json_decref(play->counters);
	strcpy(outcome->exit, "0");
	outcome->status = fails ? "failed" : "ok";
	outcome->reason = fails ? strdup("it fell over") : NULL;
	outcome->interrupted = played.interrupted_at == at + 1;
	return 0;
}

/* Runs the trials that DIR does not have yet. Sets `tally` and
   `interrupted`. */
static int run(const char *dir, int interrupt_fd)
{
	struct rm_campaign campaign = { .dir = dir,
		.plan = &plan,
		.arms = &arms,
		.interrupt_fd = interrupt_fd,
		.tally = &tally,
		.progress = &progress };
	size_t torn;
	int result = rm_folder_make(dir, &error);

	played.count = 0;
	progress = (struct rm_progress){ .out = NULL };
	rm_tally_clear(&tally);
	if (result || rm_file_replace(dir, "campaign.json", "{}", 2, &error) ||
	        rm_tally_start(&tally, &plan, &arms, &error) ||
	        rm_journal_open(dir, &campaign.journal, &torn, &error) ||
	        rm_journal_read(campaign.journal, rm_tally_restore_line, &tally,
	                &error))
		abort();
	result = rm_campaign_run(&campaign, &error);
	rm_journal_close(campaign.journal);
	interrupted = campaign.interrupted;
	return result;
}

/* Returns the number of runs of a trial. */
static unsigned count_runs(const char *trial)
{
	unsigned n = 0;

	for (unsigned i = 0; i < played.count; i++)
		n += !strcmp(played.trials[i], trial);
	return n;
}

static void run_all_arms(void)
{
	bool pairs = true;

	played = (struct played){ .count = 0 };
	CHECK(run("whole", -1) == 0 && !interrupted && played.count == 12 &&
	                tally.ok == 12,
	        "two cells, two arms and three blocks are twelve trials");
	CHECK(count_runs("a base") == 3 && count_runs("a head") == 3 &&
	                count_runs("b base") == 3 && count_runs("b head") == 3,
	        "each arm runs each cell in each block");
	for (unsigned i = 0; i < 12; i += 2)
		pairs = pairs && played.seeds[i] == played.seeds[i + 1] &&
		        played.trials[i][0] == played.trials[i + 1][0] &&
		        strcmp(played.trials[i], played.trials[i + 1]) &&
		        played.padding[i] != played.padding[i + 1] &&
		        played.trials[i][0] == "abbaab"[i / 2];
	CHECK(pairs, "arms run one after another, with the same seed and "
	             "different paddings, in the plan's order");
	CHECK(played.seeds[0] == rm_plan_seed(&plan, "a", 0) &&
	                played.seeds[10] == rm_plan_seed(&plan, "b", 2),
	        "a trial has the plan's seed");
	CHECK(run("whole", -1) == 0 && played.count == 0 && tally.ok == 12,
	        "a trial with a line is not run again");
}

/* Returns the number of lines that a resume with arms drops, or -1 for an
   error. */
static int drop_unfinished(const char *dir)
{
	struct rm_journal *journal;
	size_t torn, dropped = 99;

	if (rm_journal_open(dir, &journal, &torn, &error))
		abort();
	if (rm_campaign_drop_unfinished(
	            &plan, &arms, journal, &dropped, &error))
		dropped = (size_t)-1;
	rm_journal_close(journal);
	return (int)dropped;
}

static void drop_incomplete_rounds(void)
{
	played = (struct played){ .interrupted_at = 8 };
	run("torn", -1);
	CHECK(tally.ok == 7 && progress.total == 12 && progress.done == 7,
	        "planned and finished trials are counted");
	CHECK(drop_unfinished("torn") == 3,
	        "all lines of an incomplete round are dropped");
	CHECK(drop_unfinished("torn") == 0,
	        "lines of complete rounds are kept");
	played = (struct played){ .count = 0 };
	CHECK(run("torn", -1) == 0 && played.count == 8 &&
	                progress.total == 12 && progress.done == 12 &&
	                progress.left_ns == 0,
	        "dropped trials run again, and no trial is missing then");
	CHECK(drop_unfinished("torn") == 0 && drop_unfinished("whole") == 0,
	        "a complete campaign loses no line");
}

/* Cell b has one block, in the round of block 1 of cell a. */
static void drop_rounds_of_few_blocks(void)
{
	rounds[0].count = rounds[2].count = 1;
	order[1][0].block = 0;
	cells[1].cell.blocks = 1;
	played = (struct played){ .interrupted_at = 6 };
	run("few", -1);
	CHECK(tally.ok == 5 && drop_unfinished("few") == 3,
	        "lines are dropped by round, not by block");
	played = (struct played){ .count = 0 };
	CHECK(run("few", -1) == 0 && played.count == 6 && tally.ok == 8 &&
	                count_runs("b head") == 1 &&
	                drop_unfinished("few") == 0,
	        "dropped trials run again");
	rounds[0].count = rounds[2].count = CELLS;
	order[1][0].block = 1;
	cells[1].cell.blocks = 3;
}

static void interrupt_campaign(void)
{
	int fds[2];

	if (pipe(fds))
		abort();
	played = (struct played){ .interrupted_at = 4 };
	CHECK(run("stopped", fds[0]) == 0 && interrupted && tally.ok == 3,
	        "an interrupted trial and later ones have no line");
	played = (struct played){ .count = 0 };
	CHECK(run("stopped", fds[0]) == 0 && !interrupted &&
	                played.count == 9 && tally.ok == 12,
	        "a resume runs the other trials");
	if (write(fds[1], "x", 1) != 1)
		abort();
	CHECK(run("new", fds[0]) == 0 && interrupted && !played.count,
	        "an interrupt before the start runs no trial");
	close(fds[0]);
	close(fds[1]);
}

/* Cell b has an A/A control, cell a does not. */
static void run_control(void)
{
	const struct rm_arms saved = arms;
	bool is_adjacent = true;

	arms = (struct rm_arms){ .list = { { .name = "head" },
		                         { .name = "aa", .flavour = "aa" } },
		.count = 2 };
	cells[1].cell.has_control = true;
	played = (struct played){ .interrupted_at = 6 };
	run("controlled", -1);
	CHECK(progress.total == 9 && tally.ok == 5,
	        "trials of a control are planned");
	played = (struct played){ .count = 0 };
	run("controlled", -1);
	CHECK(played.count == 4 && tally.ok == 9 && !tally.skipped,
	        "a resume runs the remaining trials of a control");
	played = (struct played){ .count = 0 };
	run("control", -1);
	CHECK(count_runs("a head") == 3 && count_runs("b head") == 3 &&
	                count_runs("b aa") == 3 && !count_runs("a aa"),
	        "a control runs once per block of its cell, in no other cell");
	for (unsigned i = 0; i < played.count; i++)
		if (!strcmp(played.trials[i], "b aa"))
			is_adjacent &= (i && !strcmp(played.trials[i - 1],
			                             "b head")) ||
			               !strcmp(played.trials[i + 1], "b head");
	CHECK(is_adjacent, "a control runs directly before or after head");
	cells[1].cell.has_control = false;
	arms = saved;
}

static void stop_failing_cells(void)
{
	played = (struct played){ .fails = "a" };
	CHECK(run("failing", -1) == 0 &&
	                count_runs("a base") + count_runs("a head") == 3 &&
	                count_runs("b head") == 3,
	        "two failures in a row of one arm stop the cell for both arms");
	CHECK(tally.failed == 3 && tally.skipped == 3 && tally.ok == 6,
	        "skipped trials have lines with the reason");
	strcpy(cells[1].cell.skip, "not here");
	rounds[0].count = rounds[2].count = 1;
	order[1][0].cell = 0;
	rounds[1].count = 1;
	played = (struct played){ .count = 0 };
	CHECK(run("skipping", -1) == 0 && played.count == 6 &&
	                tally.skipped == 2 &&
	                !strcmp(tally.cells[1].reason, ""),
	        "a cell that the plan skips has one line per arm");
	CHECK(run("skipping", -1) == 0 && !played.count && tally.skipped == 2,
	        "a skipped cell has its line only once");
}

int main(void)
{
	char root[64];

	fake_root_enter(root, sizeof(root));
	run_all_arms();
	drop_incomplete_rounds();
	drop_rounds_of_few_blocks();
	interrupt_campaign();
	run_control();
	stop_failing_cells();
	rm_tally_clear(&tally);
	fake_root_remove(root);
	return DONE();
}
