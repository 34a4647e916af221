/* SPDX-License-Identifier: Apache-2.0 */
/* plan_judge.c - cells that a map, or this machine, does not run, and why. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool rm_plan_suits(const struct rm_map_info *map, enum rm_loop_kind kind)
{
	return rm_map_info_has(map, "loops", rm_loop_name(kind)) ||
	       (!rm_loop_is_own(kind) && map->is_map);
}

/* Where this machine or measure has no such allocator. */
static void judge_allocator(struct rm_cell *cell)
{
	char why[RM_NAME_BYTES * 2];

	if (cell->allocator != RM_ALLOCATOR_GLIBC &&
	        cell->measure == RM_MEASURE_CAUSES)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "measure causes counts calls of its own malloc(), not "
		        "of %s",
		        rm_allocator_name(cell->allocator));
	else if (rm_allocator_impossible(
	                 cell->allocator, cell->huge_pages, why, sizeof(why)))
		snprintf(cell->skip, RM_REASON_BYTES, "%s", why);
}

/* Whether a map has loops for the sizes of a cell, here or in a program that
   is made for them. */
static bool offers_shape(
        const struct rm_map_info *map, const struct rm_cell *cell)
{
	struct rm_shape plain = cell->shape; /* what it offers of such keys */

	if (!rm_cell_sized(cell))
		return map->shapes & 1U << rm_shape_index(cell->shape);
	if (plain.value_bytes > RM_VALUE_LONG)
		plain.value_bytes = RM_VALUE_LONG;
	return map->value_most >= cell->shape.value_bytes &&
	       map->shapes & 1U << rm_shape_index(plain);
}

static bool is_differing(const struct rm_cell *cell)
{
	return cell->key_differs != RM_DIFFERS_FIRST;
}

/* Whether a cell runs in a program of its own, for other keys or values. */
static bool is_apart(const struct rm_cell *cell)
{
	return rm_cell_sized(cell) || is_differing(cell);
}

/* The place of the differing bytes is a choice for binary strings only. */
static void judge_differs(struct rm_cell *cell)
{
	if (!is_differing(cell))
		return;
	if (!cell->shape.str)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "keys of %s are words, which are compared as a whole: "
		        "expected key-differs = first, or strings",
		        rm_cell_shape_name(cell));
	else if (rm_loop_is_decimal(&cell->loop))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "keys of decimal text differ where their digits do: "
		        "expected key-differs = first");
}

/* What programs for other keys and values cannot do, or a program that is not
   built. */
static void judge_apart(struct rm_cell *cell)
{
	const char *flavour = rm_cell_flavour(cell);
	char path[RM_PROGRAM_BYTES], how[RM_NAME_BYTES * 2] = "sizes";

	if (is_differing(cell))
		snprintf(how, sizeof(how), "programs NEEDED=%s/%s", flavour,
		        cell->map);
	if (cell->measure == RM_MEASURE_CAUSES ||
	        cell->measure == RM_MEASURE_SIMULATED)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "programs for shape %s%s neither count causes nor run "
		        "on a simulated machine",
		        rm_cell_shape_name(cell),
		        is_differing(cell) ? " with such keys" : "");
	else if (access(rm_map_program(flavour, cell->map, path), X_OK))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "its program for shape %s is not built (make %s): "
		        "maps/%s/%s: %s",
		        rm_cell_shape_name(cell), how, flavour, cell->map,
		        strerror(errno));
}

/* Whether the map can run this loop at all; if not, why. */
static void judge_loop(const struct rm_map_info *map, struct rm_cell *cell)
{
	const bool own =
	        rm_map_info_has(map, "loops", rm_loop_name(cell->loop.kind));

	if (own && is_apart(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "its own loop has only the usual keys and values");
	else if (!own && !offers_shape(map, cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "shape %s is not offered by this map",
		        rm_cell_shape_name(cell));
	else if (rm_loop_scans(cell->loop.kind) &&
	         !rm_map_info_has(map, "operations", "scan"))
		snprintf(
		        cell->skip, RM_REASON_BYTES, "this map offers no scan");
	else if (rm_loop_only_scans(&cell->loop, cell->threads) &&
	         (cell->write_share > 0 || cell->miss_share > 0))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "all %u threads would scan and none would do the "
		        "writes and misses asked for, expected fewer scanners "
		        "than threads",
		        cell->threads);
	else if (cell->loop.kind == RM_LOOP_STALL && cell->window_ops)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a reader who stands does not count operations, "
		        "expected a window of time");
	else if (cell->loop.kind == RM_LOOP_LIFECYCLE &&
	         cell->loop.args[1] != RM_SLOTS_PRESET && !own)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a session is one value in this map: it has no slots "
		        "to be more or fewer of");
	else if (cell->loop.kind == RM_LOOP_LAZY &&
	         !rm_map_info_has(map, "operations", "insert_if_absent"))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map offers no insert_if_absent");
}

/* A number of digits is no length that a shape has. */
static void judge_decimal(struct rm_cell *cell)
{
	if (rm_cell_lacks_digits(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "keys of decimal text are strings as long as their "
		        "digits, not those of %s: expected str16x8 or another "
		        "str16",
		        rm_cell_shape_name(cell));
}

/* What a litmus would say of such a map or thread, whatever it does: a map that
   holds nothing, or may answer with what was, always shows both of a pair an
   old value, and a thread without a partner does nothing. */
static void judge_litmus(const struct rm_map_info *map, struct rm_cell *cell)
{
	const uint64_t store_buffering = 0; /* the first word */

	if (cell->loop.kind != RM_LOOP_LITMUS)
		return;
	if (cell->threads == 1)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "threads work in pairs: one alone has no partner");
	else if (map->caps & RM_CAP_NO_STATE)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map holds nothing: no answer of it is wrong");
	else if (map->caps & RM_CAP_STALE &&
	         cell->loop.args[0] == store_buffering)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map may answer with what was: that both of a "
		        "pair see it is no mistake");
}

/* Such a cell would have the share in its name alone. */
static void judge_write_share(struct rm_cell *cell)
{
	const double own = rm_cell_own_writes(cell), half_digit = 5e-5;

	if (fabs(cell->write_share - own) > half_digit)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "%g %% of the operations of the loop %s are writes, "
		        "whatever is asked: expected writes = %g%%",
		        100 * own, rm_loop_name(cell->loop.kind), 100 * own);
}

/* Uniform look-ups draw whole ranks, so many of them absent (set_ranks() in
   runner/trial/team.c): of few keys no number of them is the share. Other loops
   have none of them, whatever the share. */
static void judge_misses(struct rm_cell *cell)
{
	const double asked = cell->miss_share, most_off = 0.1;
	const double ranks = round((double)cell->keys / (1 - asked));
	const double got = (ranks - (double)cell->keys) / ranks;

	if (asked > 0 && !rm_loop_draws_absent(cell->loop.kind))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the loop %s looks up no absent keys: expected misses "
		        "= 0%%",
		        rm_loop_name(cell->loop.kind));
	else if (cell->dist == RM_DIST_UNIFORM && !cell->trace[0] &&
	         fabs(got - asked) > most_off * asked)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "%g %% misses of %" PRIu64
		        " uniform keys would be %.2g %%: %g absent ranks of "
		        "%g, expected more keys",
		        100 * asked, cell->keys, 100 * got,
		        ranks - (double)cell->keys, ranks);
}

/* Such a cell would do what the uniform one does, under another name. */
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

/* Other loops begin with an empty map, or with keys of their own. */
static void judge_renewals(const struct rm_map_info *map, struct rm_cell *cell)
{
	const uint64_t ns = rm_plan_renewal_ns(cell, map);

	if (!cell->renewals)
		return;
	if (cell->trace[0])
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a trace has the only removals and insertions of its "
		        "keys: expected settle = yes or no");
	else if (!rm_loop_draws_absent(cell->loop.kind))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "the loop %s does not begin with keys that could be "
		        "renewed: expected settle = yes or no",
		        rm_loop_name(cell->loop.kind));
	else if (ns > cell->deadline_ns / 2)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "to renew %" PRIu64
		        " keys would take about %.0f s, expected at most half "
		        "of the deadline, %.0f s",
		        cell->keys * cell->renewals, (double)ns / 1e9,
		        (double)cell->deadline_ns / 2e9);
}

/* Whether the program has the loop, and the loop the measure. */
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

/* The reason, by all that its program measures. */
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

/* What programs in another language cannot do. */
static void judge_language(const struct rm_map_info *map, struct rm_cell *cell)
{
	if (cell->trace[0] || !program_measures(map, cell))
		skip_unmeasured(map, cell);
	else if (is_differing(cell) && rm_cell_sized(cell))
		snprintf(cell->skip, RM_REASON_BYTES,
		        "maps in %s: only keys of 16 bytes, with values of 24 "
		        "at most, differ elsewhere than at the start",
		        map->language);
	else if (strcmp(cell->memory, "first-touch") ||
	         cell->allocator != RM_ALLOCATOR_GLIBC ||
	         cell->huge_pages != RM_HUGE_PAGES_SYSTEM)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "maps in %s have their own allocator, and memory "
		        "first-touch",
		        map->language);
	else if (map->caps & RM_CAP_INEXACT_RETURNS &&
	         cell->write_kind != RM_UPDATE && cell->threads > 1)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "a write of this map that meets a removal says what "
		        "it did not do: %s needs one thread, not %u",
		        rm_write_kind_name(cell->write_kind), cell->threads);
}

/* Who has no synchronisation, or room for one writer, runs where that is
   enough. */
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

/*
 * The first reason that holds is told, from what no machine could change (the
 * map) to what this one lacks. Skipped cells stay in the plan: a report must
 * say why a map is missing from a figure.
 */
void rm_plan_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell)
{
	const char *reason = planning->options->counters_reason;

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
		judge_write_share(cell);
	if (!cell->skip[0] && map->language)
		judge_language(map, cell);
	if (!cell->skip[0] &&
	        (map->language ? is_differing(cell) : is_apart(cell)))
		judge_apart(cell);
	if (cell->skip[0])
		return;
	if (map->caps & RM_CAP_FIXED_SIZE && !cell->presize)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "this map never grows: it would be made for all of "
		        "its keys, as with presize = yes");
	else
		judge_writers(map, cell);
	if (cell->skip[0] || map->language)
		return;
	if (cell->measure == RM_MEASURE_COUNTERS && reason)
		snprintf(cell->skip, RM_REASON_BYTES, RM_NO_COUNTERS "%.600s",
		        reason);
	else if (cell->measure == RM_MEASURE_SIMULATED)
		rm_plan_simulated_judge(planning, map, cell);
	else
		judge_allocator(cell);
}
