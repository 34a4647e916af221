/* SPDX-License-Identifier: Apache-2.0 */
/* latency.c - writes the histograms of the open loop, merged over all threads,
   as JSON. */
#include "runner/trial/internal.h"

#include <stdlib.h>

/* Merges the values of one kind from all threads, without loss. Returns NULL if
   there are none. */
static struct rm_histogram *merged(
        const struct rm_team *team, int operation, int was_there, int clock)
{
	struct rm_histogram *sum = NULL;

	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_histogram *histogram =
		        team->members[i]
		                .pace.histograms[operation][was_there][clock];

		if (!histogram || !histogram->count)
			continue;
		if (!sum)
			sum = rm_histogram_create();
		if (sum)
			rm_histogram_merge(sum, histogram);
	}
	return sum;
}

static json_t *buckets_json(const struct rm_histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned i = 0; i < RM_HISTOGRAM_LENGTH; i++)
		if (histogram->counts[i])
			json_array_append_new(buckets,
			        json_pack("[i, I]", (int)i,
			                (json_int_t)histogram->counts[i]));
	return buckets;
}

static json_t *histogram_json(const struct rm_histogram *histogram,
        int operation, int was_there, int clock)
{
	static const char *const clocks[] = { "intended", "service" };

	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:f, s:I, s:o}",
	        "operation", rm_operation_name((enum rm_operation)operation),
	        "was_there", was_there, "clock", clocks[clock], "count",
	        (json_int_t)histogram->count, "min_ns",
	        (json_int_t)histogram->min_ns, "max_ns",
	        (json_int_t)histogram->max_ns, "mean_ns",
	        rm_histogram_mean(histogram), "saturated",
	        (json_int_t)histogram->saturated, "buckets",
	        buckets_json(histogram));
}

/* Sets "latency". It is null without an open loop, and empty if no operation
   was due. */
void rm_team_latency(const struct rm_team *team, json_t *result)
{
	json_t *latency = json_array();
	uint64_t late = 0;

	if (team->request->cell.loop.kind != RM_LOOP_PACED) {
		json_decref(latency);
		json_object_set_new(result, "latency", json_null());
		json_object_set_new(result, "late_starts", json_null());
		return;
	}
	for (int i = 0; i < RM_OPERATIONS * 2 * RM_CLOCKS; i++) {
		int clock = i % RM_CLOCKS, was = i / RM_CLOCKS % 2;
		int operation = i / RM_CLOCKS / 2;
		struct rm_histogram *sum = merged(team, operation, was, clock);

		if (sum)
			json_array_append_new(latency,
			        histogram_json(sum, operation, was, clock));
		free(sum);
	}
	for (unsigned i = 0; i < team->request->cell.threads; i++)
		late += team->members[i].pace.late_starts;
	json_object_set_new(result, "latency", latency);
	json_object_set_new(
	        result, "late_starts", json_integer((json_int_t)late));
}
