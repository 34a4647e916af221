/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests differences over the window (stats.c) and the map's actions in each
 * slice (slices.c), with counts that are set by hand.
 */
#include "runner/trial/events.h"
#include "tests/unit/trial/run_trial.h"

#include <math.h>

/* Emits the current statistics: one that grew, a new one, and one that is not
   counted. */
static void stats_now(void *map, rm_stat_fn *emit, void *context)
{
	(void)map;
	emit(context, "grown", "1", 50);
	emit(context, "late", "bytes", 7);
	emit(context, "uncounted", "ns", (double)NAN);
}

static const struct rm_map_ops ops = { .stats = stats_now };
static const struct rm_impl impl = { .id = "told", .shapes = 1, .ops = &ops };

static const json_t *named(const json_t *stats, const char *name)
{
	size_t i;
	json_t *stat;

	json_array_foreach (stats, i, stat)
		if (!strcmp(text_of(stat, "name"), name))
			return stat;
	return NULL;
}

static bool has_null(const json_t *stat, const char *member)
{
	const json_t *value = json_object_get(stat, member);

	return value && json_is_null(value);
}

static void a_window_is_what_it_added(void)
{
	struct rm_request request = small_request("told");
	struct rm_team team = { .request = &request, .impl = &impl };
	const json_t *grown;
	json_t *stats;

	team.map = &team;
	stats = rm_team_stats_result(&team);
	grown = named(stats, "grown");
	CHECK(number_of(grown, "value") == 50 &&
	                !json_object_get(grown, "window"),
	        "without readings around the window there is no difference");
	json_decref(stats);
	team.stats_after =
	        json_pack("[{s:s, s:f}]", "name", "grown", "value", 32.);
	stats = rm_team_stats_result(&team);
	CHECK(named(stats, "grown") &&
	                !json_object_get(named(stats, "grown"), "window"),
	        "with a reading only at the window's end there is no "
	        "difference");
	json_decref(stats);
	json_decref(team.stats_after);
	team.stats_before = json_pack("[{s:s, s:f}, {s:s, s:n}]", "name",
	        "grown", "value", 20., "name", "uncounted", "value");
	team.stats_after = json_pack("[{s:s, s:f}, {s:s, s:n}, {s:s, s:f}]",
	        "name", "grown", "value", 32., "name", "uncounted", "value",
	        "name", "late", "value", 5.);
	stats = rm_team_stats_result(&team);
	grown = named(stats, "grown");
	CHECK(number_of(grown, "value") == 50 &&
	                number_of(grown, "window") == 12 &&
	                !strcmp(text_of(grown, "unit"), "1"),
	        "a window's statistic is the increase since its start, next to "
	        "the total");
	CHECK(has_null(named(stats, "uncounted"), "value") &&
	                has_null(named(stats, "uncounted"), "window"),
	        "statistics that are not counted are null, not 0");
	CHECK(number_of(named(stats, "late"), "value") == 7 &&
	                has_null(named(stats, "late"), "window"),
	        "a statistic that is new in the window has no difference");
	json_decref(stats);
	json_decref(team.stats_before);
	json_decref(team.stats_after);
	json_decref(request.counters);
}

/* True if a slice has exactly these events of one kind. */
static bool paused(
        const json_t *slice, enum rm_event event, unsigned count, uint64_t ns)
{
	const json_t *pauses = json_object_get(slice, "pauses");
	const json_t *pause = json_array_get(pauses, 0);

	return json_array_size(pauses) == 1 &&
	       !strcmp(text_of(pause, "event"), rm_event_name(event)) &&
	       number_of(pause, "count") == count &&
	       number_of(pause, "ns") == (double)ns;
}

/* Phases are not events of the map and are in no slice. */
static void a_slice_has_what_ended_in_it(void)
{
	struct rm_request request = small_request("told");
	struct rm_member member = { .worker = { .slot = 0 } };
	struct rm_slice_sums sums[4] = { { .bytes = 100 }, { .bytes = 160 },
		{ .bytes = 40 }, { .bytes = -1 } };
	struct rm_team team = { .request = &request, .members = &member };
	const json_t *first, *second, *third;
	json_t *list;

	request.cell.threads = 1;
	request.cell.loop.kind = RM_LOOP_PACED;
	request.cell.window_ns = 2 * RM_SLICE_NS + 1;
	member.pace.slices = rm_slices_create(1);
	rm_slices_begin(member.pace.slices, 0, request.cell.window_ns);
	for (int i = 0; i < 4; i++) {
		sums[i].count[RM_EVENT_PHASE] = 10 + (unsigned)i;
		sums[i].count[RM_EVENT_RESIZE] = i ? 5 : 3;
		sums[i].ns[RM_EVENT_RESIZE] = i ? 1700 : 1000;
		sums[i].count[RM_EVENT_CLONE] = i > 2 ? 1 : 0;
		sums[i].ns[RM_EVENT_CLONE] = i > 2 ? 44 : 0;
	}
	list = rm_team_slices(&team);
	first = json_array_get(list, 0);
	CHECK(json_array_size(list) == 3 && has_null(first, "pauses") &&
	                has_null(first, "bytes"),
	        "without readings of the sums, slices have no pauses");
	json_decref(list);
	team.slice_sums = sums;
	list = rm_team_slices(&team);
	first = json_array_get(list, 0);
	second = json_array_get(list, 1);
	third = json_array_get(list, 2);
	CHECK(paused(first, RM_EVENT_RESIZE, 2, 700) &&
	                paused(third, RM_EVENT_CLONE, 1, 44),
	        "a slice has the spans that ended in it, with number and "
	        "length");
	CHECK(json_is_array(json_object_get(second, "pauses")) &&
	                !json_array_size(json_object_get(second, "pauses")),
	        "a slice without events has an empty list");
	CHECK(number_of(first, "bytes") == 160 &&
	                number_of(second, "bytes") == 40 &&
	                has_null(third, "bytes"),
	        "bytes are those at its end; if not counted, null");
	CHECK(number_of(first, "at_ns") == 0 &&
	                number_of(third, "at_ns") == 2 * RM_SLICE_NS,
	        "slices start every 50 ms, and the last one is the rest");
	json_decref(list);
	rm_slices_free(member.pace.slices);
	json_decref(request.counters);
}

int main(void)
{
	a_window_is_what_it_added();
	a_slice_has_what_ended_in_it();
	return DONE();
}
