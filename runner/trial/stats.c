/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - collects counts of map and allocator, and their increase over the
   window. */
#include "runner/base/json.h"
#include "runner/trial/events.h"
#include "runner/trial/internal.h"

#include <math.h>
#include <string.h>

static void add_stat(
        void *context, const char *name, const char *unit, double value)
{
	json_array_append_new(
	        context, json_pack("{s:s, s:s, s:o}", "name", name, "unit",
	                         unit, "value", rm_json_real(value)));
}

json_t *rm_team_stats(const struct rm_team *team, bool window_ended)
{
	json_t *stats = json_array();

	/* read closest to the window, to exclude allocations for this list and
	   locks of the map's stats function */
	if (window_ended) {
		rm_allocations_emit(add_stat, stats);
		rm_lock_waits_emit(add_stat, stats);
	}
	if (team->map && team->impl->ops->stats)
		team->impl->ops->stats(team->map, add_stat, stats);
	rm_searches_emit(add_stat, stats);
	rm_events_emit(add_stat, stats);
	if (window_ended && team->loop)
		team->loop->report(team, add_stat, stats);
	if (!window_ended) {
		rm_lock_waits_emit(add_stat, stats);
		rm_allocations_emit(add_stat, stats);
	}
	return stats;
}

/* Returns the value of a statistic by its name; NAN if it is missing or not
   counted. */
static double value_of(const json_t *stats, const char *name)
{
	size_t i;
	json_t *stat;

	json_array_foreach (stats, i, stat) {
		const json_t *value = json_object_get(stat, "value");

		if (!strcmp(json_string_value(json_object_get(stat, "name")),
		            name))
			return json_is_number(value) ? json_number_value(value)
			                             : (double)NAN;
	}
	return (double)NAN;
}

json_t *rm_team_stats_result(const struct rm_team *team)
{
	json_t *stats = rm_team_opens_resources(team) && team->stats_after
	                        ? json_deep_copy(team->stats_after)
	                        : rm_team_stats(team, true);
	json_t *stat;
	size_t i;

	if (!team->stats_before || !team->stats_after)
		return stats;
	/* compared by name, because the order before and after the window
	   differs */
	json_array_foreach (stats, i, stat) {
		const char *name =
		        json_string_value(json_object_get(stat, "name"));

		json_object_set_new(stat, "window",
		        rm_json_real(value_of(team->stats_after, name) -
		                     value_of(team->stats_before, name)));
	}
	return stats;
}
