/* SPDX-License-Identifier: Apache-2.0 */
/* test_campaign.c - which trials a campaign plays, in whose name, and when it
   stops. They are played: rm_play() and rm_arm_program() are this file's. */
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>

enum { CELLS = 2, MOST = 32 };

static struct played {
	char trials[MOST][32]; /* "a head" */
	uint64_t seeds[MOST], padding[MOST];
	unsigned count;
	unsigned interrupted_at; /* this one is; 0: none */
	const char *fails;       /* every trial of this cell */
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

int rm_play(const struct rm_play *play, struct rm_outcome *outcome,
        struct rm_error *why)
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

/* Runs what DIR has not yet; tally and interrupted tell how it went. */
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
	if (result || rm_tally_start(&tally, &plan, &arms, &error) ||
	        rm_journal_open(dir, &campaign.journal, &torn, &error) ||
	        rm_journal_read(
	                campaign.journal, rm_tally_recall, &tally, &error))
		abort();
	result = rm_campaign_run(&campaign, &error);
	rm_journal_close(campaign.journal);
	interrupted = campaign.interrupted;
	return result;
}

/* How often a trial was played. */
static unsigned times(const char *trial)
{
	unsigned n = 0;

	for (unsigned i = 0; i < played.count; i++)
		n += !strcmp(played.trials[i], trial);
	return n;
}

static void each_arm_in_each_block(void)
{
	bool pairs = true;

	played = (struct played){ .count = 0 };
	CHECK(run("whole", -1) == 0 && !interrupted && played.count == 12 &&
	                tally.ok == 12,
	        "two cells, two arms and three blocks are twelve trials");
	CHECK(times("a base") == 3 && times("a head") == 3 &&
	                times("b base") == 3 && times("b head") == 3,
	        "each arm plays each cell in each block");
	for (unsigned i = 0; i < 12; i += 2)
		pairs = pairs && played.seeds[i] == played.seeds[i + 1] &&
		        played.trials[i][0] == played.trials[i + 1][0] &&
		        strcmp(played.trials[i], played.trials[i + 1]) &&
		        played.padding[i] != played.padding[i + 1] &&
		        played.trials[i][0] == "abbaab"[i / 2];
	CHECK(pairs, "one right after the other, with one seed and paddings "
	             "of their own, in the plan's order");
	CHECK(played.seeds[0] == rm_plan_seed(&plan, "a", 0) &&
	                played.seeds[10] == rm_plan_seed(&plan, "b", 2),
	        "the seed is the plan's");
	CHECK(run("whole", -1) == 0 && played.count == 0 && tally.ok == 12,
	        "what has its line is not played again");
}

/* Lines that a resume of arms drops of a folder; -1: it could not. */
static int dropped_of(const char *dir)
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

static void unfinished_rounds(void)
{
	played = (struct played){ .interrupted_at = 8 };
	run("torn", -1);
	CHECK(tally.ok == 7 && progress.total == 12 && progress.done == 7,
	        "what was planned and done is told");
	CHECK(dropped_of("torn") == 3,
	        "of a round that is not whole all lines are dropped");
	CHECK(dropped_of("torn") == 0, "and of whole ones none");
	played = (struct played){ .count = 0 };
	CHECK(run("torn", -1) == 0 && played.count == 8 &&
	                progress.total == 12 && progress.done == 12 &&
	                progress.left_ns == 0,
	        "what was dropped is played again, and nothing is left");
	CHECK(dropped_of("torn") == 0 && dropped_of("whole") == 0,
	        "a campaign that is done loses nothing");
}

/* Cell b has one block, which begins the round before block 1 of a. */
static void unfinished_round_of_few_blocks(void)
{
	rounds[0].count = rounds[2].count = 1;
	order[1][0].block = 0;
	cells[1].cell.blocks = 1;
	played = (struct played){ .interrupted_at = 6 };
	run("few", -1);
	CHECK(tally.ok == 5 && dropped_of("few") == 3,
	        "lines are dropped by their round, whatever their block");
	played = (struct played){ .count = 0 };
	CHECK(run("few", -1) == 0 && played.count == 6 && tally.ok == 8 &&
	                times("b head") == 1 && dropped_of("few") == 0,
	        "and played again");
	rounds[0].count = rounds[2].count = CELLS;
	order[1][0].block = 1;
	cells[1].cell.blocks = 3;
}

static void who_stops_it(void)
{
	int fds[2];

	if (pipe(fds))
		abort();
	played = (struct played){ .interrupted_at = 4 };
	CHECK(run("stopped", fds[0]) == 0 && interrupted && tally.ok == 3,
	        "a trial that was stopped has no line, and none follows");
	played = (struct played){ .count = 0 };
	CHECK(run("stopped", fds[0]) == 0 && !interrupted &&
	                played.count == 9 && tally.ok == 12,
	        "a resume plays the others");
	if (write(fds[1], "x", 1) != 1)
		abort();
	CHECK(run("new", fds[0]) == 0 && interrupted && !played.count,
	        "who asked to stop before it begins sees nothing played");
	close(fds[0]);
	close(fds[1]);
}

/* Cell b has an A/A control, a has none. */
static void a_control_runs_beside_its_cell(void)
{
	const struct rm_arms asked = arms;
	bool beside = true;

	arms = (struct rm_arms){ .list = { { .name = "head" },
		                         { .name = "aa", .flavour = "aa" } },
		.count = 2 };
	cells[1].cell.has_control = true;
	played = (struct played){ .interrupted_at = 6 };
	run("controlled", -1);
	CHECK(progress.total == 9 && tally.ok == 5, "a control is planned");
	played = (struct played){ .count = 0 };
	run("controlled", -1);
	CHECK(played.count == 4 && tally.ok == 9 && !tally.skipped,
	        "and a resume runs what is left of it");
	played = (struct played){ .count = 0 };
	run("control", -1);
	CHECK(times("a head") == 3 && times("b head") == 3 &&
	                times("b aa") == 3 && !times("a aa"),
	        "once for each block of its cell, and of no other");
	for (unsigned i = 0; i < played.count; i++)
		if (!strcmp(played.trials[i], "b aa"))
			beside &= (i && !strcmp(played.trials[i - 1],
			                        "b head")) ||
			          !strcmp(played.trials[i + 1], "b head");
	CHECK(beside, "next to the trial of head");
	cells[1].cell.has_control = false;
	arms = asked;
}

static void what_fails_twice(void)
{
	played = (struct played){ .fails = "a" };
	CHECK(run("failing", -1) == 0 &&
	                times("a base") + times("a head") == 3 &&
	                times("b head") == 3,
	        "a cell is given up after two failures in a row of one arm, by "
	        "the other, too");
	CHECK(tally.failed == 3 && tally.skipped == 3 && tally.ok == 6,
	        "and its trials have lines that say so");
	strcpy(cells[1].cell.skip, "not here");
	rounds[0].count = rounds[2].count = 1;
	order[1][0].cell = 0;
	rounds[1].count = 1;
	played = (struct played){ .count = 0 };
	CHECK(run("skipping", -1) == 0 && played.count == 6 &&
	                tally.skipped == 2 &&
	                !strcmp(tally.cells[1].reason, ""),
	        "a cell that the plan skips has one line of each arm");
	CHECK(run("skipping", -1) == 0 && !played.count && tally.skipped == 2,
	        "once");
}

int main(void)
{
	char root[64];

	fake_root_enter(root, sizeof(root));
	each_arm_in_each_block();
	unfinished_rounds();
	unfinished_round_of_few_blocks();
	who_stops_it();
	a_control_runs_beside_its_cell();
	what_fails_twice();
	rm_tally_clear(&tally);
	fake_root_remove(root);
	return DONE();
}
