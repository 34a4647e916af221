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
	bool up = rm_tally_gives_up(&tally, cell, reason);

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
	CHECK(!ends("x", "base", "ok") && !ends("a", "x", "ok") &&
	                !ends("a", "base", "fine"),
	        "lines of another campaign are refused");
	rm_tally_clear(&tally);
}

int main(void)
{
	failures_count_in_a_row();
	a_failed_verification_ends_a_map();
	what_is_incomplete();
	return DONE();
}
