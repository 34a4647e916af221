/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c - compares a result with its cell. Programs in all languages report
 * facts, and these rules make a trial void by them.
 */
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <string.h>

/* What the rules look at. */
struct facts {
	const struct rm_cell *cell;
	const json_t *result, *threads;
	uint64_t lookups, writes, elapsed_ns;
};

static uint64_t whole(const json_t *json, const char *member)
{
	return (uint64_t)json_integer_value(json_object_get(json, member));
}

/* -1: not known. */
static int cpu_of(const json_t *thread, const char *member)
{
	const json_t *cpu = json_object_get(thread, member);

	return json_is_integer(cpu) ? (int)json_integer_value(cpu) : -1;
}

/* count ln(count / expected), which is 0 of none. */
static double surprise(double count, double expected)
{
	return count != 0 ? count * log(count / expected) : 0;
}

/* Chernoff's bound: the chance of as many hits or more is at most exp(-apart), and
   so is the chance of as few or fewer, for any n and p. Less than two right trials
   in 10^9 are refused. Six standard errors would refuse one in 5000 if a fiftieth
   of a hit is expected. */
bool rm_share_plausible(uint64_t hits, uint64_t n, double p, double more)
{
	const double draws = (double)n, others = draws - (double)hits;
	const double apart = surprise((double)hits, draws * p) +
	                     surprise(others, draws * (1 - p));

	return apart * draws <= log(1e9) * (draws + more);
}

/* Decisions to write: a pair of writes is one. */
static uint64_t decisions(const struct rm_cell *cell, uint64_t writes)
{
	return cell->write_kind == RM_UPDATE ? writes : writes / 2;
}

/* Look-ups to add to the variance of the misses. A stream of ranks is read in
   rounds. In a window that is longer than the stream each draw counts more than
   once. */
static double again(const struct facts *facts)
{
	const uint64_t length = rm_stream_length(facts->cell->threads);
	double more = 0;

	if (facts->cell->dist != RM_DIST_SEQUENTIAL)
		return 0;
	for (unsigned i = 0; i < facts->cell->threads; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const uint64_t writes = whole(thread, "writes");
		const uint64_t lookups = whole(thread, "ops") - writes;

		if (lookups + decisions(facts->cell, writes) > length)
			more += (double)lookups * (double)lookups /
			        (double)length;
	}
	return more;
}

/* How many look-ups may have missed keys that other threads had just taken out
   or not yet put in: rarely more than one key each, and at worst the one that is
   looked up most. One thread has none: it ends a write before it looks. */
static double explained(const struct facts *facts)
{
	const struct rm_cell *cell = facts->cell;

	if (cell->threads == 1)
		return 0;
	return (double)facts->lookups *
	               (0.001 + cell->threads * rm_cell_most(cell)) +
	       64;
}

/* The share of look-ups that draw an absent rank. Uniform draws have that of the
   ranks, which is a whole number; others have the cell's. */
static double absent_share(const struct rm_cell *cell)
{
	const uint64_t span = rm_cell_span(cell);

	if (span <= cell->keys)
		return 0;
	return cell->dist == RM_DIST_UNIFORM
	               ? (double)(span - cell->keys) / (double)span
	               : cell->miss_share;
}

static void judge_misses(const struct facts *facts, struct rm_error *why)
{
	const uint64_t absent = whole(facts->result, "misses_absent");
	const uint64_t gone = whole(facts->result, "misses_resident");

	/* A map that holds nothing finds every key: it measures the driver
	   alone, for which a miss costs the same. */
	if (!json_is_null(json_object_get(facts->result, "keys_after")) &&
	        !rm_share_plausible(absent, facts->lookups,
	                absent_share(facts->cell), again(facts)))
		rm_error_set(why, -ERANGE,
		        "achieved miss share %.5f, asked %.5f",
		        (double)(absent + gone) /
		                fmax(1, (double)facts->lookups),
		        facts->cell->miss_share);
	if ((double)gone > explained(facts))
		rm_error_set(why, -ERANGE,
		        "%" PRIu64 " of %" PRIu64
		        " lookups missed resident keys",
		        gone, facts->lookups);
}

/* Of loops that draw each operation. */
static void judge_mix(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const uint64_t decided = decisions(cell, facts->writes);
	const uint64_t all = facts->lookups + facts->writes;

	if (!rm_share_plausible(decided, facts->lookups + decided,
	            rm_cell_write_below(cell) * 0x1p-32, 0))
		rm_error_set(why, -ERANGE,
		        "achieved write share %.5f, asked %.5f",
		        (double)facts->writes / fmax(1, (double)all),
		        cell->write_share);
	judge_misses(facts, why);
}

static void judge_work(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;

	/* what a replay does is compared with its trace (runner/trial/) */
	if (cell->trace[0])
		return;
	if (cell->loop.kind == RM_LOOP_MIX || cell->loop.kind == RM_LOOP_PACED)
		judge_mix(facts, why);
	else if (cell->write_share > 0 &&
	         rm_loop_only_scans(&cell->loop, cell->threads))
		rm_error_set(why, -ERANGE,
		        "achieved write share 0, asked %.5f: all threads scan",
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

/* How many CPUs the threads of a cell without a placement may use; not of the
   simulated machine, which has a core for each. */
static unsigned allowed_cpus(const struct rm_cell *cell)
{
	cpu_set_t mask;

	if (cell->measure == RM_MEASURE_SIMULATED ||
	        sched_getaffinity(0, sizeof(mask), &mask))
		return UINT32_MAX;
	return (unsigned)CPU_COUNT(&mask);
}

/* Whether each thread works from the window's beginning to its end: not in an open
   loop, if an odd thread rests, or in a loop of the subject's own. */
static bool all_work_all_along(const struct rm_cell *cell)
{
	return cell->window_ns && !rm_loop_is_own(cell->loop.kind) &&
	       cell->loop.kind != RM_LOOP_PACED &&
	       cell->loop.kind != RM_LOOP_LITMUS;
}

/* Whether thread `slot` may run on the CPU: on its own, or, if it is bound to
   no single one as a free goroutine, on any of the cell's. */
static bool belongs(
        const struct rm_cell *cell, unsigned slot, bool is_bound, int cpu)
{
	if (is_bound)
		return cpu == (int)cell->cpus[slot];
	for (unsigned i = 0; i < cell->cpu_count; i++)
		if (cpu == (int)cell->cpus[i])
			return true;
	return cpu < 0; /* the program reports null */
}

static void judge_place(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const bool all_work =
	        cell->loop.kind == RM_LOOP_MIX || all_work_all_along(cell);

	for (unsigned i = 0; i < cell->threads; i++) {
		const json_t *thread = json_array_get(facts->threads, i);
		const bool is_bound = cpu_of(thread, "cpu") >= 0;
		const int start = cpu_of(thread, "cpu_start");
		const int end = cpu_of(thread, "cpu_end");

		if (i < cell->cpu_count &&
		        !(belongs(cell, i, is_bound, start) &&
		                belongs(cell, i, is_bound, end)))
			rm_error_set(why, -EXDEV,
			        "thread %u ran on CPU %d and %d, placed on %u",
			        i, start, end, cell->cpus[i]);
		if (all_work && !whole(thread, "ops"))
			rm_error_set(why, -EAGAIN,
			        "thread %u was never scheduled in the window",
			        i);
	}
}

/* A window lasts 1000 clock readings or more (R17 of docs/method/rules.md). */
static void judge_window(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const json_t *environment =
	        json_object_get(facts->result, "environment");
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
	else if ((double)facts->elapsed_ns < least_ns)
		rm_error_set(why, -ERANGE,
		        "the window of %.0f ns is shorter than 1000 clock "
		        "readings (%.0f ns)",
		        (double)facts->elapsed_ns, least_ns);
}

/* A thread with a CPU of its own that the kernel woke late had little of the
   window: then operations by elapsed time is no throughput of all threads. */
static void judge_presence(const struct facts *facts, struct rm_error *why)
{
	const struct rm_cell *cell = facts->cell;
	const unsigned allowed = allowed_cpus(cell);
	uint64_t all_ns = facts->elapsed_ns;

	if (!all_work_all_along(cell))
		return;
	/* one scan of another thread may outlast the window */
	if (cell->loop.kind != RM_LOOP_MIX && all_ns > cell->window_ns)
		all_ns = cell->window_ns;
	for (unsigned i = 0; i < cell->threads; i++) {
		const json_t *own = json_object_get(
		        json_array_get(facts->threads, i), "elapsed_ns");
		const uint64_t own_ns = (uint64_t)json_integer_value(own);

		if (json_is_integer(own) && own_ns < all_ns / 2 &&
		        !rm_cell_shares_cpu(cell, i, allowed))
			rm_error_set(why, -EAGAIN,
			        "thread %u was there for %.3f of %.3f ms: "
			        "its CPU was busy",
			        i, (double)own_ns / 1e6, (double)all_ns / 1e6);
	}
}

int rm_result_judge(const struct rm_cell *cell, json_t *result)
{
	const char *status =
	        json_string_value(json_object_get(result, "status"));
	const struct facts facts = { cell, result,
		json_object_get(result, "by_thread"), whole(result, "lookups"),
		whole(result, "writes"), whole(result, "elapsed_ns") };
	struct rm_error why = { "" };

	if (!status || strcmp(status, "ok") ||
	        cell->measure == RM_MEASURE_VERIFY)
		return 0;
	judge_work(&facts, &why);
	judge_place(&facts, &why);
	judge_window(&facts, &why);
	judge_presence(&facts, &why);
	if (!why.text[0])
		return 0;
	return json_object_set_new(result, "reason", json_string(why.text)) ||
	                       json_object_set_new(
	                               result, "status", json_string("void"))
	               ? -ENOMEM
	               : 0;
}
