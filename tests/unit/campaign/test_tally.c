/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally.c - when a cell is given up: after two failures in a row of one
   arm, not after two of a long campaign. */
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <string.h>

static struct rm_plan_cell cells[] = {
	{ .cell = { .id = "a",
	          .map = "one",
	          .measure = RM_MEASURE_THROUGHPUT } },
	{ .cell = { .id = "b",
	          .map = "two",
	          .measure = RM_MEASURE_THROUGHPUT } },
	{ .cell = { .id = "v", .map = "two", .measure = RM_MEASURE_VERIFY } }
};
static struct rm_plan plan = { .cells = cells, .cell_count = 3 };
static struct rm_arms arms = {
	.list = { { .name = "base" }, { .name = "head" } }, .count = 2
};
static struct rm_tally tally;
static int block;

/* One trial's line; whether it is taken. */
static bool ends(const char *cell, const char *arm, const char *status)
{
	struct rm_error error = { "" };
	json_t *line = json_pack("{s:s, s:s, s:i, s:s, s:s?}", "cell", cell,
	        "arm", arm, "block", block++, "status", status, "reason",
	        strcmp(status, "ok") ? "it fell over" : NULL);
	int result = rm_tally_add(&tally, line, &error);

	json_decref(line);
	return !result;
}

static bool given_up(size_t cell, const char *why)
{
	char reason[RM_REASON_BYTES] = "";
	bool up = rm_tally_gives_up(&tally, cell, 0, reason);

	return up == (why != NULL) && (!why || strstr(reason, why));
}

static void start(void)
{
	struct rm_error error = { "" };

	tally = (struct rm_tally){ .ok = 0 };
	rm_tally_start(&tally, &plan, &arms, &error);
}

static void failures_count_in_a_row(void)
{
	start();
	for (int i = 0; i < 5; i++) {
		ends("a", "head", "failed");
		ends("a", "head", i % 2 ? "ok" : "void");
	}
	CHECK(given_up(0, NULL) && tally.failed == 5,
	        "five failures with an answer after each are no reason");
	ends("a", "head", "failed");
	CHECK(given_up(0, NULL), "nor is one more");
	ends("a", "base", "failed");
	CHECK(given_up(0, NULL), "nor is one of each arm");
	ends("a", "head", "failed");
	CHECK(given_up(0, "head failed twice: it fell over"),
	        "two in a row of one arm are, and it is named");
	CHECK(given_up(1, NULL), "another cell goes on");
	rm_tally_clear(&tally);
}

static void a_failed_verification_ends_a_map(void)
{
	start();
	ends("v", "head", "failed");
	CHECK(given_up(1, "failed verification") && given_up(0, NULL),
	        "a map that failed its verification is not run, others are");
	rm_tally_clear(&tally);
}

static void what_is_incomplete(void)
{
	start();
	ends("a", "base", "ok");
	ends("b", "base", "void");
	ends("v", "base", "ok");
	CHECK(rm_tally_incomplete(&tally) == 1,
	        "a cell without a good trial is incomplete");
	ends("a", "base", "failed");
	ends("a", "base", "ok");
	CHECK(rm_tally_incomplete(&tally) == 2,
	        "so is one that failed once, whatever came after");
	cells[0].misuse = cells[1].misuse = true;
	CHECK(rm_tally_incomplete(&tally) == 1,
	        "but for a planted misuse, which may fail, and not be void");
	cells[0].misuse = cells[1].misuse = false;
	CHECK(ends("a", "base", "ok") && ends("a", "head", "void") &&
	                ends("b", "base", "failed") &&
	                ends("b", "head", "skipped"),
	        "a line of the plan is taken, however its trial ended");
	CHECK(!ends("x", "base", "ok") && !ends("a", "x", "ok") &&
	                !ends("a", "base", "fine"),
	        "lines of another campaign are refused");
	rm_tally_clear(&tally);
}

/* One line of an attempt, as ends(). */
static bool attempt_ends(
        int attempt, const char *arm, const char *status, bool disturbed)
{
	struct rm_error error = { "" };
	json_t *line = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s?, s:s?}",
	        "cell", "a", "arm", arm, "block", block, "attempt", attempt,
	        "status", status, "reason", strcmp(status, "ok") ? "so" : NULL,
	        "disturbed", disturbed ? "others took 30 %" : NULL);
	int result = rm_tally_add(&tally, line, &error);

	json_decref(line);
	return !result;
}

static bool counts(size_t ok, size_t voided, size_t failed, size_t skipped,
        size_t disturbed, size_t repeated)
{
	bool so = tally.ok == ok && tally.voided == voided &&
	          tally.failed == failed && tally.skipped == skipped &&
	          tally.disturbed == disturbed && tally.repeated == repeated;

	if (!so)
		printf("# %zu ok, %zu void, %zu failed, %zu skipped, "
		       "%zu disturbed, %zu repeated\n",
		        tally.ok, tally.voided, tally.failed, tally.skipped,
		        tally.disturbed, tally.repeated);
	return so && tally.cells[0].ok == ok &&
	       tally.cells[0].voided == voided &&
	       tally.cells[0].failed == failed &&
	       tally.cells[0].skipped == skipped;
}

static void each_trial_counts_once(void)
{
	start();
	attempt_ends(1, "base", "ok", false);
	attempt_ends(1, "head", "void", false);
	CHECK(counts(1, 1, 0, 0, 0, 0), "a good one and a void one");
	attempt_ends(2, "base", "ok", true);
	attempt_ends(2, "head", "ok", false);
	CHECK(counts(2, 0, 0, 0, 1, 2),
	        "second attempts take the place of the first, of their arm");
	attempt_ends(3, "base", "void", true);
	attempt_ends(3, "head", "failed", false);
	CHECK(counts(0, 1, 1, 0, 0, 4), "and third ones that of the second");
	block++;
	attempt_ends(1, "base", "skipped", false);
	attempt_ends(1, "head", "ok", false);
	CHECK(counts(1, 1, 1, 1, 0, 4), "another block has trials of its own");
	attempt_ends(2, "base", "ok", false);
	CHECK(counts(2, 1, 1, 1, 0, 5),
	        "a trial that counted as nothing is not taken back");
	rm_tally_clear(&tally);
}

/* Whether these are the reasons of all void trials, in their order. */
static bool void_for(const char *reasons)
{
	json_t *voids = tally.cells[0].voids, *reason;
	const char *place;
	char told[100] = "";

	json_object_foreach (voids, place, reason)
		strcat(strcat(told, json_string_value(reason)), ". ");
	return !strcmp(told, reasons) &&
	       json_object_size(voids) == tally.cells[0].voided;
}

/* A line of an arm of cell "a" in a block. */
static void ran(int at, int attempt, const char *arm, const char *why)
{
	struct rm_error error = { "" };
	json_t *line = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s?}", "cell", "a",
	        "arm", arm, "block", at, "attempt", attempt, "status",
	        why ? "void" : "ok", "reason", why);

	rm_tally_add(&tally, line, &error);
	json_decref(line);
}

static void a_void_trial_has_its_reason(void)
{
	start();
	ran(0, 1, "base", "was late");
	ran(0, 1, "head", "slept");
	CHECK(void_for("was late. slept. "), "each arm has its own reason");
	ran(1, 1, "base", "mended");
	ran(1, 1, "head", NULL);
	ran(1, 2, "base", NULL);
	ran(1, 2, "head", NULL);
	CHECK(void_for("was late. slept. "),
	        "that of an attempt that a repeat replaced is gone");
	ran(2, 1, "base", "mended");
	ran(2, 2, "base", "too late");
	CHECK(void_for("was late. slept. too late. "),
	        "a void repeat has a reason of its own");
	rm_tally_clear(&tally);
}

static void one_arm_is_not_named(void)
{
	arms.count = 1;
	start();
	for (int i = 0; i < 2; i++)
		ends("a", "base", "failed");
	CHECK(given_up(0, "failed twice: it fell over") &&
	                !given_up(0, "base failed"),
	        "of one arm it is not said which");
	rm_tally_clear(&tally);
	arms.count = 2;
}

/* Without its control a cell is still measured. */
static void a_control_is_given_up_alone(void)
{
	char reason[RM_REASON_BYTES];

	strcpy(arms.list[1].flavour, "aa");
	cells[0].cell.has_control = true;
	start();
	ends("a", "head", "failed");
	ends("a", "head", "failed");
	CHECK(given_up(0, NULL) && rm_tally_gives_up(&tally, 0, 1, reason),
	        "an A/A control that failed twice does not end its cell");
	ends("a", "base", "failed");
	ends("a", "base", "failed");
	CHECK(given_up(0, "base failed twice"), "but a cell ends its control");
	rm_tally_clear(&tally);
	arms.list[1].flavour[0] = '\0';
}

int main(void)
{
	failures_count_in_a_row();
	a_failed_verification_ends_a_map();
	what_is_incomplete();
	each_trial_counts_once();
	a_void_trial_has_its_reason();
	one_arm_is_not_named();
	a_control_is_given_up_alone();
	return DONE();
}
