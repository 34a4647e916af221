/* SPDX-License-Identifier: Apache-2.0 */
/* plan_judge.c - decides which cells a map or this machine cannot run, and
   why. */
#include "runner/plan/internal.h"

#include "runner/base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool rm_plan_has_loop(const struct rm_map_info *map, enum rm_loop_kind kind)
{
	return rm_map_info_has(map, "loops", rm_loop_name(kind)) ||
	       (!rm_loop_is_technique(kind) && map->is_map);
}

/* Skips the cell if its allocator cannot be used on this machine or for its
   measure. */
static void judge_allocator(struct rm_cell *cell)
{
	char why[RM_NAME_BYTES * 2];

	if (cell->allocator != RM_ALLOCATOR_GLIBC &&
	        cell->measure == RM_MEASURE_CAUSES)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "measure causes counts calls of its own malloc(), not "
		        "of %s",
		        rm_allocator_name(cell->allocator));
	else if (rm_allocator_is_unavailable(
	                 cell->allocator, cell->huge_pages, why, sizeof(why)))
		snprintf(cell->skip, RM_REASON_BYTES, "%s", why);
}

/* True if the map has loops for the cell's sizes, in the plain program or in a
   program for these sizes. */
bool rm_plan_offers_shape(
        const struct rm_map_info *map, const struct rm_cell *cell)
{
	struct rm_shape plain = cell->shape; /* same keys, with the longest
	                                        values of the plain program */

	if (!rm_cell_size_class(cell))
		return map->shapes & 1U << rm_shape_index(cell->shape);
	if (plain.value_bytes > RM_VALUE_LONG)
		plain.value_bytes = RM_VALUE_LONG;
	return map->value_most >= cell->shape.value_bytes &&
	       map->shapes & 1U << rm_shape_index(plain);
}

static bool has_key_differs(const struct rm_cell *cell)
{
	return cell->key_differs != RM_DIFFERS_FIRST;
}

/* True if the plain program does not support the length of the cell's keys or
   values. */
static bool needs_own_program(const struct rm_cell *cell)
{
	return rm_cell_size_class(cell) || has_key_differs(cell);
}

/* Skips the cell if it sets `key-differs` but its keys are not binary
   strings. */
static void judge_differs(struct rm_cell *cell)
{
	if (!has_key_differs(cell))
		return;
	if (!cell->shape.str)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "keys of %s are words, which are compared as a whole: "
		        "expected key-differs = first, or strings",
		        rm_cell_shape_name(cell));
	else if (rm_loop_is_decimal(&cell->loop))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the digits of decimal keys decide where keys differ: "
		        "expected key-differs = first");
}

/* Skips the cell if this process may not set its memory policy. Docker refuses
   the calls by default. */
static void judge_memory(
        const struct rm_planning *planning, struct rm_cell *cell)
{
	const int mems_allowed = 4; /* MPOL_F_MEMS_ALLOWED */
	unsigned long nodes[16];

	if (!strcmp(cell->memory, "first-touch") ||
	        cell->measure == RM_MEASURE_SIMULATED ||
	        !planning->topology->this_machine)
		return;
	if (syscall(SYS_get_mempolicy, NULL, nodes, 8 * sizeof(nodes), NULL,
	            mems_allowed) ||
	        syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "memory = %s needs get_mempolicy() and "
		        "set_mempolicy(): %s: allow them (docker run --cap-add "
		        "SYS_NICE), or use --set memory=first-touch",
		        cell->memory, strerror(errno));
}

/* Skips the cell if the program for its sizes cannot run it or is not built. */
static void judge_program(struct rm_cell *cell)
{
	const char *flavour = rm_cell_flavour(cell);
	char path[RM_PROGRAM_BYTES];
	int failed;

	if (cell->measure == RM_MEASURE_CAUSES ||
	        cell->measure == RM_MEASURE_SIMULATED)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "programs for shape %s%s neither count causes nor run "
		        "on a simulated machine: expected u64 or str16 keys "
		        "and values of 8 or 24 bytes, or measure = counters",
		        rm_cell_shape_name(cell),
		        has_key_differs(cell) ? " with such keys" : "");
	else if ((failed = rm_program_check(
	                  rm_map_program(flavour, cell->map, path))))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "its program for shape %s is not built (make programs "
		        "NEEDED=%s/%s): %s",
		        rm_cell_shape_name(cell), flavour, cell->map,
		        rm_file_reason(failed));
}

static void judge_shape(const struct rm_map_info *map, struct rm_cell *cell)
{
	struct rm_map_info sized = *map;

	sized.value_most = cell->shape.value_bytes;
	snprintf(cell->skip, RM_REASON_BYTES,
	        "shape %s is not offered by this map%s",
	        rm_cell_shape_name(cell),
	        rm_plan_offers_shape(&sized, cell)
	                ? ": its rm_impl lacks .value_most = 1024"
	                : "");
}

static void judge_loop(const struct rm_map_info *map, struct rm_cell *cell)
{
	const bool own =
	        rm_map_info_has(map, "loops", rm_loop_name(cell->loop.kind));

	if (own && needs_own_program(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the map's own loop supports only the usual keys and "
		        "values");
	else if (!own && !rm_plan_offers_shape(map, cell))
		judge_shape(map, cell);
	else if (rm_loop_scans(cell->loop.kind) &&
	         !rm_map_info_has(map, "operations", "scan"))
		snprintf(
		        cell->skip, RM_REASON_BYTES, "this map offers no scan");
	else if (rm_loop_only_scans(&cell->loop, cell->threads) &&
	         (cell->write_share > 0 || cell->miss_share > 0))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "loop: all %u threads would scan and none would do the "
		        "requested writes and misses: expected fewer scanners "
		        "than threads",
		        cell->threads);
	else if (cell->loop.kind == RM_LOOP_STALL && cell->window_ops)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a stalled reader does not count operations: expected "
		        "a window of time");
	else if (cell->loop.kind == RM_LOOP_LIFECYCLE &&
	         cell->loop.args[1] != RM_SLOTS_PRESET && !own)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a session is one value in this map, so it has no "
		        "slots to vary");
	else if (cell->loop.kind == RM_LOOP_LAZY &&
	         !rm_map_info_has(map, "operations", "insert_if_absent"))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map offers no insert_if_absent");
}

/* Skips cells with decimal keys but without 16-byte strings. */
static void judge_decimal(struct rm_cell *cell)
{
	if (rm_cell_lacks_decimal_keys(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "decimal keys are strings as long as their "
		        "digits, unlike keys of %s: expected str16x8 or "
		        "another str16",
		        rm_cell_shape_name(cell));
}

/* Skips litmus cells without a meaningful outcome. In a stateless map, or one
   that may return stale values, both threads of a pair may see old values. A
   single thread has no partner. */
static void judge_litmus(const struct rm_map_info *map, struct rm_cell *cell)
{
	const uint64_t store_buffering = 0; /* index in the words of `litmus` */

	if (cell->loop.kind != RM_LOOP_LITMUS)
		return;
	if (cell->threads == 1)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "threads work in pairs: expected at least two threads");
	else if (map->caps & RM_CAP_NO_STATE)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map holds nothing, so its answers cannot be "
		        "checked");
	else if (map->caps & RM_CAP_STALE &&
	         cell->loop.args[0] == store_buffering)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map may return stale values, so that both "
		        "threads of a pair may see old values");
}

/* Skips the cell if its loop does not use the requested share of writes, since
   the cell's name would be wrong. */
static void judge_write_share(struct rm_cell *cell)
{
	const double own = rm_cell_fixed_write_share(cell), half_digit = 5e-5;

	if (fabs(cell->write_share - own) > half_digit)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "writes of the loop %s are always %g %% of its "
		        "operations: expected writes = %g%%",
		        rm_loop_name(cell->loop.kind), 100 * own, 100 * own);
}

/* Skips a share of misses that cannot be reached. Uniform look-ups draw from an
   integer number of ranks, some of them absent (set_ranks() in
   runner/trial/team.c). If there are few keys, no number of ranks gives the
   requested share. Other loops never look up absent keys. */
static void judge_misses(struct rm_cell *cell)
{
	const double requested = cell->miss_share, most_off = 0.1;
	const double ranks = round((double)cell->keys / (1 - requested));
	const double actual = (ranks - (double)cell->keys) / ranks;

	if (requested > 0 && !rm_loop_draws_absent(cell->loop.kind))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the loop %s looks up no absent keys: expected misses "
		        "= 0%%",
		        rm_loop_name(cell->loop.kind));
	else if (requested > 0 && cell->write_share >= 1)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "with writes = 100%% no look-up can miss: expected "
		        "misses = 0%%, or fewer writes");
	else if (cell->dist == RM_DIST_UNIFORM && !cell->trace[0] &&
	         fabs(actual - requested) > most_off * requested)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "%g %% misses of %" PRIu64
		        " uniform keys would be %.2g %%: %g absent ranks of "
		        "%g: expected more keys",
		        100 * requested, cell->keys, 100 * actual,
		        ranks - (double)cell->keys, ranks);
}

/* Skips the cell if its loop does not draw keys, since the cell would equal the
   one with uniform keys. */
static void judge_dist(struct rm_cell *cell)
{
	if (cell->dist == RM_DIST_UNIFORM)
		return;
	if (rm_loop_only_scans(&cell->loop, cell->threads))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "all %u threads would scan and none would draw a key: "
		        "expected fewer scanners than threads, or dist = "
		        "uniform",
		        cell->threads);
	else if (!rm_loop_draws_by_dist(cell->loop.kind))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the loop %s draws its own keys: expected dist = "
		        "uniform",
		        rm_loop_name(cell->loop.kind));
}

/* Skips renewals in loops that do not start with the filled map. */
static void judge_renewals(const struct rm_map_info *map, struct rm_cell *cell)
{
	const uint64_t ns = rm_plan_renewal_ns(cell, map);

	if (!cell->renewals)
		return;
	if (cell->trace[0])
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a trace determines all removals and insertions: "
		        "expected settle = yes or no");
	else if (!rm_loop_draws_absent(cell->loop.kind))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the loop %s does not start with keys that can be "
		        "renewed: expected settle = yes or no",
		        rm_loop_name(cell->loop.kind));
	else if (ns > cell->deadline_ns / 2)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "renewing %" PRIu64
		        " keys takes about %.0f s: expected at most half of "
		        "the deadline, %.0f s",
		        cell->keys * cell->renewals, (double)ns / 1e9,
		        (double)cell->deadline_ns / 2e9);
}

/* Skips a trial that would spend most of its time in the last batches of
   writes. */
static void judge_copies(const struct rm_map_info *map, struct rm_cell *cell)
{
	const uint64_t ns = rm_plan_copies_ns(cell, map);

	if (ns > cell->deadline_ns / 10)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a write copies all keys, and the last writes of all "
		        "%u threads take about %.0f s: expected at most a "
		        "tenth of the deadline, %.0f s",
		        cell->threads, (double)ns / 1e9,
		        (double)cell->deadline_ns / 1e10);
}

/* True if the program has the cell's loop and can measure it. */
static bool program_measures(
        const struct rm_map_info *map, const struct rm_cell *cell)
{
	const enum rm_loop_kind kind = cell->loop.kind;

	return rm_map_info_has(map, "measured_loops", rm_loop_name(kind)) &&
	       !rm_loop_is_decimal(&cell->loop) &&
	       cell->measure != RM_MEASURE_CAUSES &&
	       cell->measure != RM_MEASURE_COUNTERS &&
	       cell->measure != RM_MEASURE_SIMULATED &&
	       rm_workload_measures(kind, cell->measure);
}

/* Sets a reason that lists everything that the program can measure. */
static void skip_unmeasured(const struct rm_map_info *map, struct rm_cell *cell)
{
	char closed[RM_NAME_BYTES * 2] = "";

	for (int kind = 0; kind < RM_LOOP_KINDS; kind++) {
		const char *name = rm_loop_name((enum rm_loop_kind)kind);

		if (kind == RM_LOOP_PACED ||
		        !rm_map_info_has(map, "measured_loops", name))
			continue;
		if (closed[0])
			strcat(closed, ", ");
		strncat(closed, name, sizeof(closed) - strlen(closed) - 3);
	}
	snprintf(cell->skip, RM_REASON_BYTES,
	        "maps in %s: only throughput of the loop %s%s is measured",
	        map->language, closed,
	        rm_map_info_has(map, "measured_loops", "paced")
	                ? " and latency of the loop paced"
	                : "");
}

/* Skips cells that a program in another language cannot run. */
static void judge_language(const struct rm_map_info *map, struct rm_cell *cell)
{
	if (cell->trace[0] || !program_measures(map, cell))
		skip_unmeasured(map, cell);
	else if (has_key_differs(cell) && rm_cell_size_class(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "maps in %s: key-differs applies only to keys of 16 "
		        "bytes with values of at most 24 bytes",
		        map->language);
	else if (strcmp(cell->memory, "first-touch") ||
	         cell->allocator != RM_ALLOCATOR_GLIBC ||
	         cell->huge_pages != RM_HUGE_PAGES_SYSTEM)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "maps in %s have their own allocator and use "
		        "first-touch memory only",
		        map->language);
	else if (map->caps & RM_CAP_INEXACT_RETURNS &&
	         cell->write_kind != RM_UPDATE && cell->threads > 1)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "if a write of this map meets a removal, its return "
		        "value is wrong: %s needs one thread, not %u",
		        rm_write_kind_name(cell->write_kind), cell->threads);
}

/* Skips unsynchronised and single-writer maps, unless the cell is safe for
   them. */
static void judge_writers(const struct rm_map_info *map, struct rm_cell *cell)
{
	bool alone = cell->threads == 1 ||
	             (cell->write_share == 0 && !cell->renewals &&
	                     !rm_loop_always_writes(cell->loop.kind));
	bool in_place = map->caps & RM_CAP_UNSAFE_INSERT &&
	                cell->write_kind == RM_UPDATE && !cell->renewals &&
	                !rm_loop_moves_keys(&cell->loop);

	if (map->caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT) && !alone &&
	        !in_place)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "unsafe: this map has no synchronisation and %u "
		        "threads would write (%s)",
		        cell->threads,
		        cell->renewals && cell->write_kind == RM_UPDATE
		                ? "renewed keys"
		                : rm_write_kind_name(cell->write_kind));
	else if (map->caps & RM_CAP_SINGLE_WRITER && !alone)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "unsafe: this map allows one writer and %u threads "
		        "would write",
		        cell->threads);
}

static void judge_machine(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell)
{
	const char *reason = planning->options->counters_reason;

	if (cell->measure == RM_MEASURE_COUNTERS && reason)
		snprintf(cell->skip, RM_REASON_BYTES, RM_NO_COUNTERS "%.600s",
		        reason);
	else if (cell->measure == RM_MEASURE_SIMULATED)
		rm_plan_simulated_judge(planning, map, cell);
	else
		judge_allocator(cell);
	if (!cell->skip[0])
		judge_memory(planning, cell);
}

/* Skips windows that last less than 1000 clock readings. Such a trial is void
   unless its threads were stopped, so only slow trials would count. The fastest
   look-ups take about 5 ns, and a clock reading takes 25 ns. */
static void judge_window(
        const struct rm_planning *planning, struct rm_cell *cell)
{
	const uint64_t least = 5000, cpus = planning->topology->cpus;
	const uint64_t turns = (cell->threads + cpus - 1) / cpus;

	if (cell->loop.kind == RM_LOOP_MIX && !cell->trace[0] &&
	        cell->measure == RM_MEASURE_THROUGHPUT && cell->window_ops &&
	        cell->window_ops * turns < least)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a window of %" PRIu64
		        " operations is too short for the clock: expected at "
		        "least %" PRIu64 "ops",
		        cell->window_ops, (least + turns - 1) / turns);
}

/* Sets the first reason that applies: limits of the map first, then limits of
   this machine. Skipped cells remain in the plan, since a report must explain
   why a map is missing from a figure. */
void rm_plan_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell)
{
	judge_loop(map, cell);
	if (!cell->skip[0])
		judge_decimal(cell);
	if (!cell->skip[0])
		judge_differs(cell);
	if (!cell->skip[0])
		judge_litmus(map, cell);
	if (!cell->skip[0])
		judge_misses(cell);
	if (!cell->skip[0])
		judge_dist(cell);
	if (!cell->skip[0])
		judge_renewals(map, cell);
	if (!cell->skip[0])
		judge_copies(map, cell);
	if (!cell->skip[0])
		judge_write_share(cell);
	if (!cell->skip[0] && map->language)
		judge_language(map, cell);
	if (!cell->skip[0] && (map->language ? has_key_differs(cell)
	                                     : needs_own_program(cell)))
		judge_program(cell);
	if (cell->skip[0])
		return;
	if (map->caps & RM_CAP_FIXED_SIZE && !cell->presize)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map never grows: it is always created for all of "
		        "its keys, as with presize = yes");
	else
		judge_writers(map, cell);
	if (!cell->skip[0])
		judge_window(planning, cell);
	if (!cell->skip[0] && !map->language)
		judge_machine(planning, map, cell);
}
