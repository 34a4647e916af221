/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - compares a result with its cell, and decides whether the trial is
   void. Programs in all languages only report counts and times. */
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <string.h>

struct facts {
	const struct rm_cell *cell;
	const json_t *result, *threads;
	uint64_t lookups, writes, elapsed_ns;
};

static uint64_t get_count(const json_t *json, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(json, member));
}

/* Returns the number of a CPU in the result; -1: unknown. */
static int cpu_of(const json_t *thread, const char *member)
{
	const json_t *cpu = json_object_get(thread, member);

	return json_is_integer(cpu) ? (int)json_integer_value(cpu) : -1;
}

/* Returns count ln(count / expected); 0 if count is 0. */
static double log_ratio(double count, double expected)
{
	return count != 0 ? count * log(count / expected) : 0;
}

/* True if the number of hits is plausible. By Chernoff's bound, the probability
   of at least this many hits is at most exp(-apart), for any n and p. The same
   holds for at most this many hits. The limit rejects fewer than two valid
   trials in 10^9. A limit of six standard errors would reject one in 5000 if
   the expected number of hits is 1/50. */
bool rm_share_is_plausible(uint64_t hits, uint64_t n, double p, double more)
{
	const double draws = (double)n, others = draws - (double)hits;
	const double apart = log_ratio((double)hits, draws * p) +
	                     log_ratio(others, draws * (1 - p));

	return apart * draws <= log(1e9) * (draws + more);
}

/* Returns the number of decisions to write. A pair of writes is one
   decision. */
static uint64_t count_decisions(const struct rm_cell *cell, uint64_t writes)
{
	return cell->write_kind == RM_UPDATE ? writes : writes / 2;
}

/* Returns the number of look-ups to add to the variance of the misses. A window
   longer than the stream repeats its ranks, so each draw counts more than
   once. */
static double repeated_draws(const struct facts *facts)
{
	const uint64_t length = rm_stream_length(facts->cell);
	double more = 0;

	if (facts->cell->dist != RM_DIST_SEQUENTIAL)
		return 0;
	for (unsigned i = 0; i < facts->cell->threads; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const uint64_t writes = get_count(thread, "writes");
		const uint64_t lookups = get_count(thread, "ops") - writes;

		if (lookups + count_decisions(facts->cell, writes) > length)
			more += (double)lookups * (double)lookups /
			        (double)length;
	}
	return more;
}

/* Returns the maximum number of look-ups that may miss because another thread
   has just removed the key or not yet inserted it. Usually this affects at most
   one key per thread, in the worst case the most popular key. A single thread
   never misses, since it completes a write before the next look-up. */
static double max_resident_misses(const struct facts *facts)
{
	const struct rm_cell *cell = facts->cell;

	if (cell->threads == 1)
		return 0;
	return (double)facts->lookups *
	               (0.001 + cell->threads * rm_cell_top_key_share(cell)) +
	       64;
}

/* Returns the share of look-ups that draw absent ranks. For uniform draws, it
   is the number of absent ranks, an integer, divided by all ranks. For other
   draws, it is the cell's share. */
static double absent_share(const struct rm_cell *cell)
{
	const uint64_t span = rm_cell_rank_count(cell);

	if (span <= cell->keys)
		return 0;
	return cell->dist == RM_DIST_UNIFORM
	               ? (double)(span - cell->keys) / (double)span
	               : cell->miss_share;
}

static void judge_misses(const struct facts *facts, struct rm_error *why)
{
	const uint64_t absent = get_count(facts->result, "misses_absent");
	const uint64_t gone = get_count(facts->result, "misses_resident");

	/* Skips null_map, which reports every key as found. It measures only
	   the driver, in which misses cost the same as hits. */
	if (!json_is_null(json_object_get(facts->result, "keys_after")) &&
	        !rm_share_is_plausible(absent, facts->lookups,
	                absent_share(facts->cell), repeated_draws(facts)))
		rm_error_set(why, -ERANGE,
		        "achieved miss share %.5f, requested %.5f",
		        (double)(absent + gone) /
		                fmax(1, (double)facts->lookups),
		        facts->cell->miss_share);
	if ((double)gone > max_resident_misses(facts))
		rm_error_set(why, -ERANGE,
		        "%" PRIu64 " of %" PRIu64
		        " lookups missed resident keys",
		        gone, facts->lookups);
}

static void judge_mix(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const uint64_t decided = count_decisions(cell, facts->writes);
	const uint64_t all = facts->lookups + facts->writes;

	if (!rm_share_is_plausible(decided, facts->lookups + decided,
	            rm_cell_write_threshold(cell) * 0x1p-32, 0))
		rm_error_set(why, -ERANGE,
		        "achieved write share %.5f, requested %.5f",
		        (double)facts->writes / fmax(1, (double)all),
		        cell->write_share);
	judge_misses(facts, why);
}

static void judge_work(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;

	/* runner/trial/ compares a replay with its trace */
	if (cell->trace[0])
		return;
	if (cell->loop.kind == RM_LOOP_MIX || cell->loop.kind == RM_LOOP_PACED)
		judge_mix(facts, why);
	else if (cell->write_share > 0 &&
	         rm_loop_only_scans(&cell->loop, cell->threads))
		rm_error_set(why, -ERANGE,
		        "achieved write share 0, requested %.5f: all threads "
		        "scan",
		        cell->write_share);
}

bool rm_cell_shares_cpu(
        const struct rm_cell *cell, unsigned slot, unsigned allowed)
{
	for (unsigned i = 0; i < cell->cpu_count; i++)
		if (i != slot && cell->cpus[i] == cell->cpus[slot])
			return true;
	return !cell->cpu_count && cell->threads > allowed;
}

/* Returns the number of CPUs that unbound threads may use. The simulated
   machine has one core per thread. */
static unsigned allowed_cpus(const struct rm_cell *cell)
{
	cpu_set_t mask;

	if (cell->measure == RM_MEASURE_SIMULATED ||
	        sched_getaffinity(0, sizeof(mask), &mask))
		return UINT32_MAX;
	return (unsigned)CPU_COUNT(&mask);
}

/* True if each thread works during the whole window. False for an open loop,
   for a litmus loop (a thread without a partner does nothing), and for a
   technique's own loop. */
static bool all_threads_work(const struct rm_cell *cell)
{
	return cell->window_ns && !rm_loop_is_technique(cell->loop.kind) &&
	       cell->loop.kind != RM_LOOP_PACED &&
	       cell->loop.kind != RM_LOOP_LITMUS;
}

/* True if thread `slot` may run on the CPU: its own CPU, or any CPU of the cell
   if the thread is not bound (a free goroutine). */
static bool is_allowed_cpu(
        const struct rm_cell *cell, unsigned slot, bool is_bound, int cpu)
{
	if (is_bound)
		return cpu == (int)cell->cpus[slot];
	for (unsigned i = 0; i < cell->cpu_count; i++)
		if (cpu == (int)cell->cpus[i])
			return true;
	return cpu < 0; /* the program reported null */
}

/* Checks that bound threads stayed on their CPU. A thread moves if its CPU goes
   offline, even if the CPU numbers at both ends of the window are right.
   Otherwise bound threads never move: 0 of 47,760 threads in earlier trials
   did. */
static void judge_moves(const struct facts *facts, struct rm_error *why)
{
	for (unsigned i = 0; i < facts->cell->cpu_count; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const uint64_t moves = get_count(thread, "migrations");

		if (cpu_of(thread, "cpu") >= 0 && moves)
			rm_error_set(why, -EXDEV,
			        "thread %u left CPU %u %" PRIu64
			        " times in the window: was this CPU offline?",
			        i, facts->cell->cpus[i], moves);
	}
}

static void judge_placement(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const bool all_work =
	        cell->loop.kind == RM_LOOP_MIX || all_threads_work(cell);

	for (unsigned i = 0; i < cell->threads; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const bool is_bound = cpu_of(thread, "cpu") >= 0;
		const int start = cpu_of(thread, "cpu_start");
		const int end = cpu_of(thread, "cpu_end");

		if (i < cell->cpu_count &&
		        !(is_allowed_cpu(cell, i, is_bound, start) &&
		                is_allowed_cpu(cell, i, is_bound, end)))
			rm_error_set(why, -EXDEV,
			        "thread %u ran on CPU %d and %d, placed on %u",
			        i, start, end, cell->cpus[i]);
		if (all_work && !get_count(thread, "ops"))
			rm_error_set(why, -EAGAIN,
			        "thread %u was never scheduled in the window",
			        i);
	}
}

/* Checks that the window lasts at least 1000 clock readings (R17 in
   docs/method/rules.md). A shorter timed window ends late, and its length is
   mostly the time in which threads start and stop. */
static void judge_window(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const json_t *environment =
	        json_object_get(facts->result, "environment");
	const double length_ns = cell->window_ns
	                                 ? fmin((double)facts->elapsed_ns,
	                                           (double)cell->window_ns)
	                                 : (double)facts->elapsed_ns;
	const double least_ns =
	        1000 * fmax(json_number_value(json_object_get(
	                            environment, "clock_cost_ns")),
	                       json_number_value(json_object_get(
	                               environment, "clock_step_ns")));

	if (cell->loop.kind == RM_LOOP_PACED &&
	        !(facts->lookups + facts->writes))
		rm_error_set(why, -ERANGE,
		        "no arrival in the window of %.3f ms at %g/s, expected "
		        "a longer window or a higher rate",
		        (double)cell->window_ns / 1e6, cell->rate_per_s);
	else if (length_ns < least_ns && (double)cell->window_ns >= least_ns)
		rm_error_set(why, -EAGAIN,
		        "the threads ran for %.0f ns of a window of %.3f ms: "
		        "their CPUs were busy",
		        length_ns, (double)cell->window_ns / 1e6);
	else if (length_ns < least_ns)
		rm_error_set(why, -ERANGE,
		        "the window of %.0f ns is shorter than 1000 clock "
		        "readings (%.0f ns), expected a longer window",
		        length_ns, least_ns);
}

/* Checks the time that each thread was in the window. If the kernel wakes a
   thread late, operations / elapsed time is not the throughput of all
   threads. */
static void judge_presence(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const unsigned allowed = allowed_cpus(cell);
	uint64_t all_ns = facts->elapsed_ns;

	if (!all_threads_work(cell))
		return;
	/* a single scan may take longer than the window */
	if (cell->loop.kind != RM_LOOP_MIX && all_ns > cell->window_ns)
		all_ns = cell->window_ns;
	for (unsigned i = 0; i < cell->threads; i++) {
		const json_t *thread_elapsed = json_object_get(
		        json_array_get(facts->threads, i), "elapsed_ns");
		const uint64_t thread_ns =
		        (uint64_t)json_integer_value(thread_elapsed);

		if (json_is_integer(thread_elapsed) && thread_ns < all_ns / 2 &&
		        !rm_cell_shares_cpu(cell, i, allowed))
			rm_error_set(why, -EAGAIN,
			        "thread %u ran for %.3f of %.3f ms: its CPU "
			        "was busy",
			        i, (double)thread_ns / 1e6,
			        (double)all_ns / 1e6);
	}
}

/* Checks that a thread ran or waited for a CPU at any time of the window.
   Otherwise a control group was frozen (no signal reports this), or the machine
   was suspended. An operation that sleeps may take longer than a short window,
   so half a second is tolerated. */
static void judge_freeze(const struct facts *facts, struct rm_error *why)
{
	const uint64_t window_ns = facts->cell->window_ns;
	const uint64_t longest_ns = 2 * window_ns + 500000000;
	const json_t *own =
	        json_object_get(json_object_get(facts->result, "environment"),
	                "own_threads_cpu_ns");
	double active_ns = json_number_value(own);

	if (!window_ns || !all_threads_work(facts->cell) ||
	        facts->elapsed_ns < longest_ns)
		return;
	for (unsigned i = 0; i < facts->cell->threads; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const json_t *cpu = json_object_get(thread, "cpu_ns");
		const json_t *wait =
		        json_object_get(thread, "runqueue_wait_ns");

		if (!json_is_integer(cpu) || !json_is_integer(wait))
			return;
		active_ns += (double)json_integer_value(cpu) +
		             (double)json_integer_value(wait);
	}
	if (active_ns < (double)facts->elapsed_ns / 2)
		rm_error_set(why, -EAGAIN,
		        "its window of %.3f ms took %.3f ms, in which no "
		        "thread ran or waited for a CPU for %.3f ms: the "
		        "control group was frozen, or the machine suspended",
		        (double)window_ns / 1e6,
		        (double)facts->elapsed_ns / 1e6,
		        ((double)facts->elapsed_ns - active_ns) / 1e6);
}

int rm_result_judge(const struct rm_cell *cell, json_t *result)
{
	const char *status =
	        json_string_value(json_object_get(result, "status"));
	const struct facts facts = { cell, result,
		json_object_get(result, "by_thread"),
		get_count(result, "lookups"), get_count(result, "writes"),
		get_count(result, "elapsed_ns") };
	struct rm_error why = { "" };

	if (!status || strcmp(status, "ok") ||
	        cell->measure == RM_MEASURE_VERIFY)
		return 0;
	judge_work(&facts, &why);
	judge_placement(&facts, &why);
	judge_moves(&facts, &why);
	judge_window(&facts, &why);
	judge_freeze(&facts, &why);
	judge_presence(&facts, &why);
	if (!why.text[0])
		return 0;
	return json_object_set_new(result, "reason", json_string(why.text)) ||
	                       json_object_set_new(
	                               result, "status", json_string("void"))
	               ? -ENOMEM
	               : 0;
}
