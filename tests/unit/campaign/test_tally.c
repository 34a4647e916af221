/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally.c - counts of trials. A cell stops after two failures in a row of
   one arm, not after two in a long campaign. */
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

/* Adds the line of one trial. Returns true if it is accepted. */
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

static bool stops(size_t cell, const char *why)
{
	char reason[RM_REASON_BYTES] = "";
	bool stopped = rm_tally_is_stopped(&tally, cell, 0, reason);

	return stopped == (why != NULL) && (!why || strstr(reason, why));
}

static void start(void)
{
	struct rm_error error = { "" };

	tally = (struct rm_tally){ .ok = 0 };
	rm_tally_start(&tally, &plan, &arms, &error);
}

static void count_failures_in_a_row(void)
{
	start();
	for (int i = 0; i < 5; i++) {
		ends("a", "head", "failed");
		ends("a", "head", i % 2 ? "ok" : "void");
	}
	CHECK(stops(0, NULL) && tally.failed == 5,
	        "five failures, each followed by a result, do not stop a cell");
	ends("a", "head", "failed");
	CHECK(stops(0, NULL), "one more failure does not stop the cell");
	ends("a", "base", "failed");
	CHECK(stops(0, NULL), "one failure of each arm does not stop the cell");
	ends("a", "head", "failed");
	CHECK(stops(0, "head failed twice: it fell over"),
	        "two failures in a row of one arm stop the cell, with the "
	        "arm's name");
	CHECK(stops(1, NULL), "another cell continues");
	rm_tally_clear(&tally);
}

static void stop_unverified_map(void)
{
	start();
	ends("v", "head", "failed");
	CHECK(stops(1, "failed verification") && stops(0, NULL),
	        "a map that failed its verification is not run, others are");
	rm_tally_clear(&tally);
}

static void count_incomplete(void)
{
	start();
	for (size_t i = 0; i < 2; i++) {
		ends("a", arms.list[i].name, "ok");
		ends("b", arms.list[i].name, "void");
		ends("v", arms.list[i].name, "ok");
	}
	CHECK(rm_tally_incomplete(&tally) == 1,
	        "a cell without a good trial is incomplete");
	ends("a", "base", "failed");
	ends("a", "base", "ok");
	CHECK(rm_tally_incomplete(&tally) == 2,
	        "a cell with a failed trial is incomplete");
	cells[0].misuse = cells[1].misuse = true;
	CHECK(rm_tally_incomplete(&tally) == 1,
	        "a map with an injected bug may fail but not be void");
	cells[0].misuse = cells[1].misuse = false;
	ends("b", "head", "ok");
	CHECK(rm_tally_incomplete(&tally) == 2,
	        "a cell with good trials of one arm only is incomplete");
	CHECK(ends("a", "base", "ok") && ends("a", "head", "void") &&
	                ends("b", "base", "failed") &&
	                ends("b", "head", "skipped"),
	        "a line of the plan is accepted with any status");
	CHECK(!ends("x", "base", "ok") && !ends("a", "x", "ok") &&
	                !ends("a", "base", "fine"),
	        "lines of another campaign are rejected");
	rm_tally_clear(&tally);
}

/* Adds one line of an attempt, like ends(). */
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
	bool is_expected = tally.ok == ok && tally.voided == voided &&
	                   tally.failed == failed && tally.skipped == skipped &&
	                   tally.disturbed == disturbed &&
	                   tally.repeated == repeated;

	if (!is_expected)
		printf("# %zu ok, %zu void, %zu failed, %zu skipped, "
		       "%zu disturbed, %zu repeated\n",
		        tally.ok, tally.voided, tally.failed, tally.skipped,
		        tally.disturbed, tally.repeated);
	return is_expected &&
	       tally.cells[0].good[0] + tally.cells[0].good[1] == ok &&
	       tally.cells[0].voided == voided &&
	       tally.cells[0].failed == failed &&
	       tally.cells[0].skipped == skipped;
}

static void replace_attempts(void)
{
	start();
	attempt_ends(1, "base", "ok", false);
	attempt_ends(1, "head", "void", false);
	CHECK(counts(1, 1, 0, 0, 0, 0), "one good trial and one void trial "
	                                "are counted");
	attempt_ends(2, "base", "ok", true);
	attempt_ends(2, "head", "ok", false);
	CHECK(counts(2, 0, 0, 0, 1, 2),
	        "a second attempt replaces the first of its arm");
	attempt_ends(3, "base", "void", true);
	attempt_ends(3, "head", "failed", false);
	CHECK(counts(0, 1, 1, 0, 0, 4), "a third attempt replaces the second");
	block++;
	attempt_ends(1, "base", "skipped", false);
	attempt_ends(1, "head", "ok", false);
	CHECK(counts(1, 1, 1, 1, 0, 4), "another block has its own trials");
	attempt_ends(2, "base", "ok", false);
	CHECK(counts(2, 1, 1, 1, 0, 5), "a skipped attempt is not subtracted");
	rm_tally_clear(&tally);
}

/* True if these are the reasons of all void trials, in order. */
static bool void_reasons_are(const char *reasons)
{
	json_t *voids = tally.cells[0].voids, *reason;
	const char *place;
	char joined[100] = "";

	json_object_foreach (voids, place, reason)
		strcat(strcat(joined, json_string_value(reason)), ". ");
	return !strcmp(joined, reasons) &&
	       json_object_size(voids) == tally.cells[0].voided;
}

/* Adds a line of an arm of cell "a" in a block. */
static void add_line(int at, int attempt, const char *arm, const char *why)
{
	struct rm_error error = { "" };
	json_t *line = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s?}", "cell", "a",
	        "arm", arm, "block", at, "attempt", attempt, "status",
	        why ? "void" : "ok", "reason", why);

	rm_tally_add(&tally, line, &error);
	json_decref(line);
}

static void keep_void_reasons(void)
{
	start();
	add_line(0, 1, "base", "was late");
	add_line(0, 1, "head", "slept");
	CHECK(void_reasons_are("was late. slept. "),
	        "each arm has its own reason");
	add_line(1, 1, "base", "replaced");
	add_line(1, 1, "head", NULL);
	add_line(1, 2, "base", NULL);
	add_line(1, 2, "head", NULL);
	CHECK(void_reasons_are("was late. slept. "),
	        "the reason of a replaced attempt is removed");
	add_line(2, 1, "base", "replaced");
	add_line(2, 2, "base", "too late");
	CHECK(void_reasons_are("was late. slept. too late. "),
	        "a void repeat has its own reason");
	rm_tally_clear(&tally);
}

static void omit_single_arm(void)
{
	arms.count = 1;
	start();
	for (int i = 0; i < 2; i++)
		ends("a", "base", "failed");
	CHECK(stops(0, "failed twice: it fell over") &&
	                !stops(0, "base failed"),
	        "a single arm is not named");
	rm_tally_clear(&tally);
	arms.count = 2;
}

/* A cell is still measured if its control fails. */
static void stop_control_alone(void)
{
	char reason[RM_REASON_BYTES];

	strcpy(arms.list[1].flavour, "aa");
	cells[0].cell.has_control = true;
	start();
	ends("a", "head", "failed");
	ends("a", "head", "failed");
	CHECK(stops(0, NULL) && rm_tally_is_stopped(&tally, 0, 1, reason),
	        "a control that failed twice does not stop its cell");
	ends("a", "base", "failed");
	ends("a", "base", "failed");
	CHECK(stops(0, "base failed twice"),
	        "a stopped cell stops its control");
	rm_tally_clear(&tally);
	arms.list[1].flavour[0] = '\0';
}

int main(void)
{
	count_failures_in_a_row();
	stop_unverified_map();
	count_incomplete();
	replace_attempts();
	keep_void_reasons();
	omit_single_arm();
	stop_control_alone();
	return DONE();
}
