/* SPDX-License-Identifier: Apache-2.0 */
/* test_calibrate.c - replaces windows of time with numbers of iterations. This
   file replaces rm_cell_trial_run(), which simulates the trials. */
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 3, MOST = 16 };

/* The input of the simulated trials, and a record of them. */
static struct played {
	double costs_ns[MOST]; /* ns per iteration of one thread */
	const char *status, *reason;
	unsigned ends_at; /* number of the trial that gets `status` and
	                     `reason`; 0 for none */
	unsigned interrupted_at;
	int result; /* result of rm_cell_trial_run() */
	unsigned count;
	uint64_t window_ops[MOST], seeds[MOST];
	const char *arms[MOST], *program;
	int interrupt_fd;
} played;

static struct rm_plan plan;
static struct rm_arms arms;
static struct rm_error error;
static json_t *record;

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
	const struct rm_cell *cell = play->cell;
	double iterations = (double)cell->window_ops * cell->threads;
	double pairs = cell->write_kind == RM_UPDATE
	                       ? 0
	                       : iterations * cell->write_share /
	                                 (2 - cell->write_share);
	double writes = cell->write_kind == RM_UPDATE
	                        ? iterations * cell->write_share
	                        : 2 * pairs;
	bool ends = played.ends_at == at + 1;

	played.window_ops[at] = cell->window_ops;
	played.seeds[at] = play->seed;
	played.arms[at] = play->arm->name;
	played.program = play->program;
	played.interrupt_fd = play->interrupt_fd;
	json_decref(play->counters);
	if (played.result)
		return rm_error_set(why, played.result, "no process");
	outcome->interrupted = played.interrupted_at == at + 1;
	outcome->status = ends ? played.status : "ok";
	if (ends && played.reason)
		outcome->reason = strdup(played.reason);
	outcome->result = json_pack("{s:f, s:f, s:f}", "ops",
	        iterations + pairs, "writes", writes, "elapsed_ns",
	        played.costs_ns[at] * (double)cell->window_ops);
	return 0;
}

static void add_cell(size_t at, const char *workload, enum rm_measure measure,
        uint64_t window_ns)
{
	struct rm_cell *cell = &plan.cells[at].cell;

	*cell = (struct rm_cell){ .keys = 1000,
		.threads = 2,
		.loop = { .kind = RM_LOOP_MIX },
		.measure = measure,
		.window_ns = window_ns };
	strcpy(cell->workload, workload);
	strcpy(cell->map, "m");
	strcpy(cell->placement, "cores");
	plan.cells[at].estimate_ns = 100 + at;
	rm_cell_name(cell);
}

/* Round 0 has the cells 0, 1 and 2; round 1 has 1, 0 and 1. */
static void begin(void)
{
	static const size_t order[2][CELLS] = { { 0, 1, 2 }, { 1, 0, 1 } };

	memset(&played, 0, sizeof(played));
	for (unsigned i = 0; i < MOST; i++)
		played.costs_ns[i] = 50;
	played.status = "void";
	plan = (struct rm_plan){ .cells = calloc(CELLS, sizeof(*plan.cells)),
		.cell_count = CELLS,
		.rounds = calloc(2, sizeof(*plan.rounds)),
		.round_count = 2,
		.trial_count = 6,
		.estimate_ns = 605 };
	add_cell(0, "w", RM_MEASURE_THROUGHPUT, 1000000);
	add_cell(1, "w", RM_MEASURE_THROUGHPUT, 3000000);
	add_cell(2, "w", RM_MEASURE_VERIFY, 0);
	for (unsigned r = 0; r < 2; r++) {
		struct rm_plan_round *round = &plan.rounds[r];

		round->turns = calloc(CELLS, sizeof(*round->turns));
		for (; round->count < CELLS; round->count++)
			round->turns[round->count].cell =
			        order[r][round->count];
	}
	arms = (struct rm_arms){
		.list = { { .name = "base" }, { .name = "head" } }, .count = 2
	};
}

static int calibrate(void)
{
	error.text[0] = '\0';
	return rm_calibrate(&plan, &arms, "program", 7, &record, &error);
}

static void end(void)
{
	json_decref(record);
	for (unsigned r = 0; r < 2; r++)
		free(plan.rounds[r].turns);
	free(plan.rounds);
	free(plan.cells);
}

static bool cell_is(
        size_t at, uint64_t ops, uint64_t window_ns, uint64_t warm_up_ns)
{
	const struct rm_cell *cell = &plan.cells[at].cell;
	bool is_expected = cell->window_ops == ops &&
	                   cell->window_ns == window_ns &&
	                   cell->warm_up_ns == warm_up_ns;

	if (!is_expected)
		printf("# cell %zu: %llu ops, %llu ns, warm-up %llu ns\n", at,
		        (unsigned long long)cell->window_ops,
		        (unsigned long long)cell->window_ns,
		        (unsigned long long)cell->warm_up_ns);
	return is_expected;
}

static void count_iterations(void)
{
	char before[RM_ID_BYTES];

	begin();
	strcpy(before, plan.cells[0].cell.id);
	CHECK(calibrate() == 0 && cell_is(0, 20000, 0, 333334),
	        "1 ms of 50 ns is 20000 iterations, with a third as warm-up");
	CHECK(cell_is(1, 60000, 0, 1000000),
	        "3 ms of 50 ns are 60000 iterations");
	CHECK(cell_is(2, 0, 0, 0) && played.count == 10,
	        "five trials per timed cell, none for a counted one");
	CHECK(strcmp(before, plan.cells[0].cell.id),
	        "a cell's id contains its count");
	CHECK(played.window_ops[0] == 100000 && played.window_ops[1] == 20000 &&
	                played.window_ops[4] == 20000 &&
	                played.window_ops[5] == 100000,
	        "the first trial uses a guess, later ones the measured cost");
	CHECK(played.seeds[0] != played.seeds[1] && played.seeds[0] == 0 &&
	                played.seeds[5] == 0 &&
	                played.seeds[4] == played.seeds[9],
	        "seeds differ between trials, but not between cells");
	CHECK(!strcmp(played.arms[0], "base") &&
	                !strcmp(played.arms[9], "base") &&
	                !strcmp(played.program, "program") &&
	                played.interrupt_fd == 7,
	        "the first arm runs, with the given program and descriptor");
	CHECK(plan.trial_count == 6 && plan.estimate_ns == 605 &&
	                plan.rounds[0].count == 3 && plan.rounds[1].count == 3,
	        "no trial is dropped");
	end();
}

/* Iterations are counted. A churn or fresh pair is one iteration but two
   operations of the result. */
static void count_pairs(void)
{
	static const double shares[] = { 0.03, 0.5, 1 };

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		begin();
		plan.cells[0].cell.write_kind = RM_CHURN;
		plan.cells[1].cell.write_kind = RM_FRESH;
		plan.cells[0].cell.write_share = shares[i];
		plan.cells[1].cell.write_share = shares[i];
		plan.cells[1].cell.keys = 1000000;
		CHECK(calibrate() == 0 && cell_is(0, 20000, 0, 333334) &&
		                cell_is(1, 60000, 0, 50000000),
		        "window and warm-up of pairs do not exceed the plan");
		end();
	}
	begin();
	plan.cells[0].cell.write_share = 1;
	CHECK(calibrate() == 0 && cell_is(0, 20000, 0, 333334),
	        "each update counts as one iteration");
	end();
}

static void record_costs(void)
{
	static const double costs[] = { 900, 10, 40, 30, 20 };
	const json_t *first;
	bool equal = true;

	begin();
	memcpy(played.costs_ns, costs, sizeof(costs));
	CHECK(calibrate() == 0 && cell_is(0, 33000, 0, 333334),
	        "the median of the last three costs is used, to two digits");
	CHECK(played.window_ops[1] == 1100 && played.window_ops[2] == 2200 &&
	                played.window_ops[3] == 25000 &&
	                played.window_ops[4] == 33000,
	        "each trial's window follows from the costs so far");
	first = json_array_get(record, 0);
	for (size_t i = 0; i < 5; i++)
		equal = equal && json_real_value(json_array_get(
		                         json_object_get(first, "ns_per_op"),
		                         i)) == costs[i];
	CHECK(json_array_size(record) == 2 && equal &&
	                json_array_size(json_object_get(first, "ns_per_op")) ==
	                        5,
	        "the record has every cost of every cell");
	CHECK(json_integer_value(json_object_get(first, "window_ns")) ==
	                        1000000 &&
	                !strcmp(json_string_value(
	                                json_object_get(first, "arm")),
	                        "base") &&
	                !strcmp(json_string_value(
	                                json_object_get(first, "cell")),
	                        plan.cells[0].cell.id),
	        "the record has the planned window, the arm and the cell's id");
	end();
}

static void set_warm_ups(void)
{
	begin();
	plan.cells[0].cell.warm_up_ns = 500000;
	plan.cells[1].cell.keys = 1000000;
	CHECK(calibrate() == 0 && cell_is(0, 20000, 0, 500000),
	        "a longer warm-up is kept");
	CHECK(cell_is(1, 60000, 0, 50000000),
	        "a warm-up has an iteration per key");
	end();
	begin();
	played.costs_ns[0] = 1e9;
	plan.cells[0].cell.keys = 1;
	CHECK(calibrate() == 0 && played.window_ops[1] == 1 &&
	                cell_is(0, 20000, 0, 333334),
	        "after a slow first trial the window has one operation, but "
	        "the warm-up is not longer in the end");
	end();
}

static bool skipped(size_t at, const char *expected)
{
	if (!strcmp(plan.cells[at].cell.skip, expected))
		return true;
	printf("# skip: %s\n", plan.cells[at].cell.skip);
	return false;
}

static void skip_failed_cells(void)
{
	begin();
	played.ends_at = 2;
	played.reason = "it fell over";
	CHECK(calibrate() == 0 &&
	                skipped(0, "calibration on arm base: it fell over") &&
	                played.count == 7,
	        "a cell with a failed trial is skipped with the reason");
	CHECK(plan.rounds[0].count == 2 && plan.rounds[0].turns[0].cell == 1 &&
	                plan.rounds[0].turns[1].cell == 2 &&
	                plan.rounds[1].count == 2 &&
	                plan.rounds[1].turns[0].cell == 1 &&
	                plan.rounds[1].turns[1].cell == 1,
	        "a skipped cell is in no round; the order of others is kept");
	CHECK(plan.trial_count == 4 && plan.estimate_ns == 405,
	        "a skipped cell is not in the plan's sums");
	end();
	begin();
	played.ends_at = 6;
	played.status = "ok";
	played.costs_ns[5] = 0;
	CHECK(calibrate() == 0 && skipped(0, "") &&
	                skipped(1, "calibration on arm base: a trial ran no "
	                           "operation") &&
	                plan.trial_count == 3 && plan.estimate_ns == 302,
	        "a trial that took no time cannot be counted");
	end();
	begin();
	strcpy(plan.cells[0].cell.skip, "so");
	CHECK(calibrate() == 0 && skipped(0, "so") && played.count == 5 &&
	                plan.trial_count == 6 && json_array_size(record) == 1,
	        "a cell that was skipped before is not run");
	end();
}

static void stop_calibration(void)
{
	begin();
	played.interrupted_at = 3;
	CHECK(calibrate() == -EINTR && strstr(error.text, "interrupted") &&
	                played.count == 3,
	        "an interrupt stops the calibration");
	end();
	begin();
	played.result = -EAGAIN;
	CHECK(calibrate() == -EAGAIN && played.count == 1,
	        "a failed launch stops the calibration");
	end();
}

static void reject_measures(void)
{
	static const enum rm_measure unsupported[] = { RM_MEASURE_CAUSES,
		RM_MEASURE_SIMULATED };

	for (unsigned i = 0; i < 2; i++) {
		begin();
		plan.cells[1].cell.measure = unsupported[i];
		CHECK(calibrate() == -EINVAL &&
		                strstr(error.text,
		                        "arms cannot run this measure"),
		        i ? "simulated cells are rejected"
		          : "cells of causes are rejected");
		end();
	}
	begin();
	arms.list[1].control_extra = 0.05;
	CHECK(calibrate() == 0, "an arm with more operations runs counted "
	                        "windows and verifies");
	end();
	begin();
	arms.list[1].control_extra = 0.05;
	plan.cells[1].cell.measure = RM_MEASURE_LATENCY;
	CHECK(calibrate() == -EINVAL &&
	                strstr(error.text, "arm head does 5 % more operations"),
	        "an arm with more operations is rejected for a window of time");
	end();
	begin();
	plan.cells[1].cell.measure = RM_MEASURE_LATENCY;
	CHECK(calibrate() == 0 && cell_is(1, 0, 3000000, 0),
	        "other arms run a window of time unchanged");
	end();
}

int main(void)
{
	count_iterations();
	count_pairs();
	record_costs();
	set_warm_ups();
	skip_failed_cells();
	stop_calibration();
	reject_measures();
	return DONE();
}
