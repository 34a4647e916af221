/* SPDX-License-Identifier: Apache-2.0 */
/* repeat.c - decides which trials are repeated, within a budget
   (docs/adr/0024-disturbed-trials-are-repeated.md). */
#include "runner/campaign/internal.h"

#include <math.h>
#include <string.h>

/* Even on an idle machine, a thread waits for its CPU after a wake-up, but for
   less than this time. A wait for a time slice takes milliseconds. */
static const double wake_up_ns = 100e3;

/* Sums of a trial's threads. */
struct waiting {
	double elapsed_ns, waited_ns;
	double unexplained_ns; /* waiting time that wake-ups do not explain */
};

/* Adds up the waits of all threads. False if the kernel did not count waits. */
static bool sum_counted(const json_t *threads, struct waiting *sum)
{
	const json_t *thread;
	size_t i;

	json_array_foreach (threads, i, thread) {
		const json_t *wait =
		        json_object_get(thread, "runqueue_wait_ns");
		const json_t *sleeps =
		        json_object_get(thread, "voluntary_switches");
		double waited_ns = (double)json_integer_value(wait);

		if (!json_is_integer(wait) || !json_is_integer(sleeps))
			return false;
		sum->elapsed_ns += (double)json_integer_value(
		        json_object_get(thread, "elapsed_ns"));
		sum->waited_ns += waited_ns;
		sum->unexplained_ns += fmax(0,
		        waited_ns - wake_up_ns *
		                            (double)json_integer_value(sleeps));
	}
	return sum->elapsed_ns > 0;
}

/* Like sum_counted(), for a trial whose program has more threads, which collect
   garbage, compile or reclaim memory. The trial's threads also wait for these
   threads, at most as long as their CPU time. If this time is unknown, no
   unexplained wait counts. The kernel does not count the waits of goroutines,
   so each may have waited for the whole window. */
static bool sum_with_own_threads(const json_t *threads,
        const json_t *own_threads_ns, struct waiting *sum)
{
	const json_t *thread;
	size_t i;

	if (!sum_counted(threads, sum)) {
		*sum = (struct waiting){ 0 };
		json_array_foreach (threads, i, thread)
			sum->elapsed_ns += (double)json_integer_value(
			        json_object_get(thread, "elapsed_ns"));
		sum->waited_ns = sum->elapsed_ns;
	}
	sum->unexplained_ns =
	        json_is_number(own_threads_ns)
	                ? fmax(0, sum->unexplained_ns -
	                                  json_number_value(own_threads_ns))
	                : 0;
	return sum->elapsed_ns > 0;
}

static bool sum_waiting(const json_t *result, struct waiting *sum)
{
	const json_t *threads = json_object_get(result, "by_thread");
	const json_t *about = json_object_get(result, "environment");

	return json_is_true(json_object_get(about, "own_threads"))
	               ? sum_with_own_threads(threads,
	                         json_object_get(about, "own_threads_cpu_ns"),
	                         sum)
	               : sum_counted(threads, sum);
}

/*
 * Returns a lower bound of the share of the threads' time that other programs
 * took; 0: unknown. The bound is the larger of two times: the wait that
 * wake-ups do not explain, and the total wait (at most the CPU time of other
 * programs).
 *
 * Neither time depends on how often or how long a map lets threads sleep, so a
 * map cannot influence which of its trials are repeated.
 *
 * If threads share CPUs, they wait for each other. All of their wait is then
 * explained, and at most one thread per CPU could have run.
 */
static double share_taken_by_others(
        const struct rm_cell *cell, const json_t *result, double others_share)
{
	unsigned cpus = rm_interference_count_cpus(cell);
	bool share_cpus = cpus > 0 && cpus < cell->threads;
	struct waiting sum = { 0 };
	double could_run_ns;

	if (!sum_waiting(result, &sum))
		return 0;
	could_run_ns = sum.elapsed_ns;
	if (share_cpus) {
		could_run_ns *= (double)cpus / cell->threads;
		sum.unexplained_ns = 0;
	}
	double others_ns = others_share < 0 ? 0 : others_share * could_run_ns;
	double taken_ns =
	        fmax(sum.unexplained_ns, fmin(sum.waited_ns, others_ns));

	/* At most 1: waits are read slightly before and after the window. */
	return fmin(1, taken_ns / could_run_ns);
}

/* Adds stolen time, which the kernel counts as neither running nor waiting
   time. */
bool rm_repeat_disturbed(const struct rm_cell *cell, const json_t *result,
        const struct rm_interference *interference, char text[RM_REASON_BYTES])
{
	double stolen = fmax(0, interference->stolen_share);
	double share;
	char hypervisor[64] = "", quota[64] = "";

	if (cell->repeat_wait <= 0 || !json_is_object(result))
		return false;
	share = fmin(1, stolen + share_taken_by_others(cell, result,
	                                 interference->others_share));
	if (share <= cell->repeat_wait)
		return false;
	if (stolen > 0)
		snprintf(hypervisor, sizeof(hypervisor),
		        " (the hypervisor %.1f %%)", 100 * stolen);
	/* the kernel counts this time as waiting for a CPU */
	if (interference->throttled_ns > 0)
		snprintf(quota, sizeof(quota),
		        " (a CPU quota stopped it for %.1f ms)",
		        (double)interference->throttled_ns / 1e6);
	snprintf(text, RM_REASON_BYTES,
	        "others took %.1f %% of its threads' time%s%s, the limit is "
	        "%.4g %%",
	        100 * share, hypervisor, quota, 100 * cell->repeat_wait);
	return true;
}

enum rm_attempt_state rm_attempt_state_of(const json_t *line)
{
	const char *status = json_string_value(json_object_get(line, "status"));
	bool is_void = status && !strcmp(status, "void");

	if (!is_void && (!status || strcmp(status, "ok")))
		return RM_ATTEMPT_FAILED;
	if (is_void || json_is_string(json_object_get(line, "disturbed")))
		return RM_ATTEMPT_TO_REPEAT;
	return RM_ATTEMPT_GOOD;
}

enum rm_attempt_state rm_attempt_find_state(const json_t *attempts,
        const char *cell, unsigned block, unsigned attempt, const char *arm)
{
	char key[RM_TRIAL_KEY_BYTES];

	snprintf(key, sizeof(key), RM_TRIAL_KEY, cell, (long long)block,
	        (long long)attempt, arm);
	return (enum rm_attempt_state)json_integer_value(
	        json_object_get(attempts, key)); /* RM_ATTEMPT_NONE if absent */
}

/* Repeats all arms together, since they are compared. One disturbed or void
   trial repeats all arms, and one failed trial ends all repeats. */
bool rm_repeat_is_due(const json_t *attempts, const struct rm_arms *arms,
        const struct rm_cell *cell, unsigned block, unsigned attempt)
{
	struct rm_arm_set set = rm_arms_find_set(arms, cell);
	bool spoilt = false;

	if (attempt == 1 || attempt > 1 + cell->repeat_most)
		return attempt == 1;
	for (size_t i = 0; i < set.count; i++) {
		enum rm_attempt_state before = rm_attempt_find_state(attempts,
		        cell->id, block, attempt - 1, set.arms[i].name);

		if (before == RM_ATTEMPT_NONE || before == RM_ATTEMPT_FAILED)
			return false;
		spoilt |= before == RM_ATTEMPT_TO_REPEAT;
	}
	return spoilt;
}

/* Tolerance for sums of doubles, so that rounding cannot reject a repeat. */
static const double rounding = 1e-6;

/* Adds the repeats that a round's trials allow to those that earlier rounds did
   not use. Cells that are never repeated add nothing. */
static void begin_round(struct rm_repeats *repeats, unsigned number)
{
	const struct rm_plan_round *round = &repeats->plan->rounds[number];

	repeats->round = number;
	repeats->is_over = false;
	for (size_t i = 0; i < round->count; i++) {
		const struct rm_cell *cell =
		        &repeats->plan->cells[round->turns[i].cell].cell;

		if (cell->repeat_most && !cell->skip[0])
			repeats->allowed +=
			        cell->repeat_share *
			        (double)rm_arms_find_set(repeats->arms, cell)
			                .count;
	}
}

static size_t count_spoilt(const struct rm_repeats *repeats,
        const struct rm_cell *cell, unsigned block, unsigned attempt)
{
	struct rm_arm_set set = rm_arms_find_set(repeats->arms, cell);
	size_t count = 0;

	for (size_t i = 0; i < set.count; i++)
		count += rm_attempt_find_state(repeats->attempts, cell->id,
		                 block, attempt,
		                 set.arms[i].name) == RM_ATTEMPT_TO_REPEAT;
	return count;
}

/* True if a cell runs in this turn. The first turn that exceeds the budget ends
   the repeats of its round. Otherwise, cells with few arms could still be
   repeated, and cells with many arms would be repeated less often. */
static bool is_turn_due(struct rm_repeats *repeats,
        const struct rm_plan_turn *turn, unsigned attempt)
{
	const struct rm_cell *cell = &repeats->plan->cells[turn->cell].cell;
	size_t arms = rm_arms_find_set(repeats->arms, cell).count;

	if (cell->skip[0] || /* skipped because of a limit */
	        !rm_repeat_is_due(repeats->attempts, repeats->arms, cell,
	                turn->block, attempt))
		return false;
	if (attempt == 1)
		return true;
	repeats->is_over |=
	        (double)(repeats->made + arms) > repeats->allowed + rounding;
	if (repeats->is_over)
		repeats->refused +=
		        count_spoilt(repeats, cell, turn->block, attempt - 1);
	else
		repeats->made += arms;
	return !repeats->is_over;
}

bool rm_repeats_has_waiting(const struct rm_plan *plan, const json_t *attempts)
{
	bool has = false;

	for (size_t i = 0; i < plan->cell_count; i++)
		has |= plan->cells[i].waits &&
		       rm_attempt_find_state(attempts, plan->cells[i].cell.id,
		               0, 1, "head") != RM_ATTEMPT_NONE;
	return has;
}

int rm_repeats_walk(struct rm_repeats *repeats, rm_turn_fn *turn, void *context)
{
	const struct rm_plan *plan = repeats->plan;
	int result = 0;

	for (unsigned r = 0; r < plan->round_count && !result; r++) {
		const struct rm_plan_round *round = &plan->rounds[r];

		begin_round(repeats, r);
		for (unsigned k = 1; k <= 1 + RM_REPEATS_MAX; k++)
			for (size_t i = 0; i < round->count && !result; i++)
				if (is_turn_due(repeats, &round->turns[i], k))
					result = turn(context,
					        round->turns[i].cell,
					        round->turns[i].block, k);
	}
	return result;
}

double rm_repeats_round_down(double allowed)
{
	return floor(allowed + rounding);
}

double rm_repeats_limit(const struct rm_plan *plan, const struct rm_arms *arms)
{
	struct rm_repeats repeats = { .plan = plan, .arms = arms };

	for (unsigned r = 0; r < plan->round_count; r++)
		begin_round(&repeats, r);
	return rm_repeats_round_down(repeats.allowed);
}
