/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calibrate.c - in a campaign with --arms, replaces each cell's timed window by
 * a fixed number of iterations.
 *
 * Arms that run for the same time execute different numbers of operations, with
 * different keys. Arms that run the same operations can be compared in pairs by
 * their time. The first arm determines the number of iterations.
 */
#include "runner/campaign/internal.h"

#include "runner/base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first trials run with cold caches. Only the last DECIDING trials
   determine the result. */
enum { TRIALS = 5, DECIDING = 3, FIRST_GUESS_OPS = 100000 };

struct calibration {
	struct rm_cell *cell;
	const struct rm_arm *arm;
	const char *program;
	int interrupt_fd;
	uint64_t planned_window_ns, planned_warm_up_ns;
	double costs_ns[TRIALS]; /* ns per iteration of one thread */
	unsigned count;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Returns the median of the last DECIDING costs, or of all if there are fewer.
   A median tolerates one disturbed trial. Needs at least one cost. */
static double median_cost_ns(const struct calibration *calibration)
{
	unsigned count = calibration->count;
	unsigned n = count > DECIDING ? DECIDING : count;
	double last[DECIDING];

	memcpy(last, calibration->costs_ns + count - n, n * sizeof(*last));
	qsort(last, n, sizeof(*last), by_value);
	return n == 2 ? (last[0] + last[1]) / 2 : last[n / 2];
}

static uint64_t round_to_two_digits(double ops)
{
	double unit = pow(10, floor(log10(ops < 1 ? 1 : ops)) - 1);

	if (unit < 1)
		unit = 1;
	double whole = round(ops / unit) * unit;

	return whole < 1 ? 1 : (uint64_t)whole;
}

static void set_window(
        struct calibration *calibration, double iterations, double cost_ns)
{
	struct rm_cell *cell = calibration->cell;
	double third = ceil((double)calibration->planned_window_ns / 3);
	double each_key = ceil((double)cell->keys * cost_ns);
	double warm_up = fmax(third, each_key);

	cell->window_ns = 0;
	cell->window_ops = round_to_two_digits(iterations);
	cell->warm_up_ns = calibration->planned_warm_up_ns;
	if (warm_up > (double)cell->warm_up_ns)
		cell->warm_up_ns = (uint64_t)warm_up;
	rm_cell_name(cell);
}

/* Returns the iterations of a trial. A pair of writes (churn or fresh) is one
   iteration, but two operations in "ops" of the result. All writes of such a
   mix come in pairs. */
static double count_iterations(const struct rm_cell *cell, const json_t *result)
{
	double ops = json_number_value(json_object_get(result, "ops"));
	double writes = json_number_value(json_object_get(result, "writes"));
	bool in_pairs =
	        cell->loop.kind == RM_LOOP_MIX && cell->write_kind != RM_UPDATE;

	return in_pairs ? ops - writes / 2 : ops;
}

/* Adds a trial's cost in nanoseconds per iteration of one thread. Threads run
   in parallel, so each thread uses the whole window. If a trial has no cost,
   the plan skips the cell. */
static void add_cost(
        struct calibration *calibration, const struct rm_outcome *outcome)
{
	struct rm_cell *cell = calibration->cell;
	const json_t *result = outcome->result;
	double iterations = count_iterations(cell, result);
	double elapsed_ns =
	        json_number_value(json_object_get(result, "elapsed_ns"));
	const char *why = outcome->reason;

	if (!strcmp(outcome->status, "ok") && iterations > 0 &&
	        elapsed_ns > 0) {
		calibration->costs_ns[calibration->count++] =
		        elapsed_ns * cell->threads / iterations;
		return;
	}
	snprintf(cell->skip, sizeof(cell->skip),
	        "calibration on arm %s: %.400s", calibration->arm->name,
	        why ? why : "a trial ran no operation");
}

/* Computes each trial's window from the costs so far. The first guess may be
   wrong by a factor of 100, and a growing map is slow in a short window. Seeds
   are fixed, so that a program gets about the same number of iterations in each
   calibration on the same machine. */
static int calibrate_cell(
        struct calibration *calibration, struct rm_error *error)
{
	struct rm_cell *cell = calibration->cell;
	double window_ns = (double)cell->window_ns;

	calibration->planned_window_ns = cell->window_ns;
	calibration->planned_warm_up_ns = cell->warm_up_ns;
	set_window(calibration, FIRST_GUESS_OPS, 0);
	for (unsigned i = 0; i < TRIALS && !cell->skip[0]; i++) {
		const struct rm_cell_trial_run play = { .cell = cell,
			.arm = calibration->arm,
			.program = calibration->program,
			.seed = i,
			.padding_seed = i,
			.counters = json_pack("{s:s}", "backend", "none"),
			.interrupt_fd = calibration->interrupt_fd };
		struct rm_outcome outcome = { 0 };
		int result = rm_cell_trial_run(&play, &outcome, error);

		if (!result && outcome.interrupted)
			result = rm_error_set(error, -EINTR,
			        "interrupted before the first trial");
		if (!result)
			add_cost(calibration, &outcome);
		rm_outcome_clear(&outcome);
		if (result)
			return result;
		if (!cell->skip[0])
			set_window(calibration,
			        window_ns / median_cost_ns(calibration),
			        median_cost_ns(calibration));
	}
	return 0;
}

static json_t *make_record(const struct calibration *calibration)
{
	json_t *costs = json_array();

	for (unsigned i = 0; i < calibration->count; i++)
		json_array_append_new(
		        costs, rm_json_real(calibration->costs_ns[i]));
	return json_pack("{s:s, s:s, s:I, s:o}", "cell", calibration->cell->id,
	        "arm", calibration->arm->name, "window_ns",
	        (json_int_t)calibration->planned_window_ns, "ns_per_op", costs);
}

/* Removes a skipped cell from the rounds (plan.h). Such a cell gets one line,
   for block 0, so a round with a later block would never be complete. */
static void drop_from_rounds(struct rm_plan *plan, size_t cell)
{
	for (unsigned r = 0; r < plan->round_count; r++) {
		struct rm_plan_round *round = &plan->rounds[r];
		size_t kept = 0;

		for (size_t i = 0; i < round->count; i++)
			if (round->turns[i].cell != cell)
				round->turns[kept++] = round->turns[i];
		plan->trial_count -= round->count - kept;
		plan->estimate_ns -=
		        (round->count - kept) * plan->cells[cell].estimate_ns;
		round->count = kept;
	}
}

/* Returns -EINVAL if arms cannot run the cell: if its measure needs a flavour
   other than plain, or if an arm has control_extra but the window is not a
   number of operations. Runs before the campaign has a folder. */
static int check_cell(const struct rm_cell *cell, const struct rm_arm_set *set,
        struct rm_error *error)
{
	if (cell->measure == RM_MEASURE_CAUSES ||
	        cell->measure == RM_MEASURE_SIMULATED)
		return rm_error_set(error, -EINVAL,
		        "%s: arms cannot run this measure, expected "
		        "throughput, latency or counters",
		        cell->id);
	for (size_t i = 0; i < set->count; i++)
		if (set->arms[i].control_extra > 0 && !cell->window_ops &&
		        cell->measure != RM_MEASURE_VERIFY)
			return rm_error_set(error, -EINVAL,
			        "%s: arm %s does %.3g %% more operations, "
			        "which needs a counted window: expected a "
			        "closed loop",
			        cell->id, set->arms[i].name,
			        100 * set->arms[i].control_extra);
	return 0;
}

int rm_calibrate(struct rm_plan *plan, const struct rm_arms *arms,
        const char *program, int interrupt_fd, json_t **record,
        struct rm_error *error)
{
	*record = json_array();
	for (size_t i = 0; i < plan->cell_count; i++) {
		struct rm_cell *cell = &plan->cells[i].cell;
		struct rm_arm_set set = rm_arms_find_set(arms, cell);
		struct calibration calibration = { .cell = cell,
			.arm = set.arms,
			.program = program,
			.interrupt_fd = interrupt_fd };
		int result = 0;

		if (cell->skip[0])
			continue;
		if (cell->measure == RM_MEASURE_THROUGHPUT && cell->window_ns) {
			result = calibrate_cell(&calibration, error);
			json_array_append_new(
			        *record, make_record(&calibration));
		}
		if (!result)
			result = check_cell(cell, &set, error);
		if (result)
			return result;
		if (cell->skip[0])
			drop_from_rounds(plan, i);
	}
	return 0;
}
