/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slices.c - divides an open loop's window into slices of 50 ms, with the
 * latencies and the map's internal work in each.
 *
 * An operation belongs to the slice of its intended start, so that a pause
 * affects the slice whose operations it delayed. The map's work is the
 * difference of sums that the main thread reads at the ends of the slices. The
 * sums count spans that ended in the slice, even if a ring is full.
 */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"
#include "runner/base/touch.h"
#include "runner/trial/events.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
	SLICES_MAX = 1 << 16,         /* 16 bits of a sample */
	BUCKET_BITS = 15,             /* bits of a histogram index */
	SAMPLES_MAX = (16 << 20) / 4, /* per thread: 16 MiB */
};

static_assert(RM_HISTOGRAM_LENGTH <= 1 << BUCKET_BITS,
        "a bucket index must fit into a sample");

static size_t slices_of(uint64_t window_ns)
{
	return (window_ns + RM_SLICE_NS - 1) / RM_SLICE_NS;
}

/* Allocates memory for all arrivals, except with a probability of one in a
   billion. Touches the memory, so that it causes no page faults in the
   window. */
struct rm_slices *rm_slices_create(double arrivals)
{
	struct rm_slices *slices = calloc(1, sizeof(*slices));
	double room = arrivals + 6 * sqrt(arrivals) + 16;

	if (!slices || room > SAMPLES_MAX)
		return slices;
	slices->room = (size_t)room;
	slices->samples = calloc(slices->room, sizeof(*slices->samples));
	if (!slices->samples) {
		free(slices);
		return NULL;
	}
	rm_touch(slices->samples, slices->room * sizeof(*slices->samples));
	return slices;
}

void rm_slices_begin(
        struct rm_slices *slices, uint64_t start_ns, uint64_t window_ns)
{
	slices->start_ns = start_ns;
	slices->last = slices_of(window_ns) - 1;
	slices->count = 0;
}

/* Records a sample. Operations that are due after the window's end belong to
   its last slice. */
void rm_slices_note(
        struct rm_slices *slices, uint64_t intended_ns, uint64_t latency_ns)
{
	uint64_t slice = (intended_ns - slices->start_ns) / RM_SLICE_NS;

	if (slice > slices->last)
		slice = slices->last;
	if (slices->count < slices->room)
		slices->samples[slices->count] =
		        (uint32_t)(slice << BUCKET_BITS) |
		        rm_histogram_index(latency_ns);
	slices->count++;
}

void rm_slices_free(struct rm_slices *slices)
{
	if (slices)
		free(slices->samples);
	free(slices);
}

static void read_sums(struct rm_slice_sums *sums)
{
	for (int event = 0; event < RM_EVENTS; event++)
		rm_events_sum((enum rm_event)event, &sums->count[event],
		        &sums->ns[event]);
	sums->bytes = rm_allocations_held();
}

void rm_slices_watch(struct rm_team *team)
{
	uint64_t window_ns, start_ns;
	size_t slices;

	if (!RM_STATS_BUILT)
		return;
	window_ns = team->request->cell.window_ns;
	start_ns = rm_now_ns();
	slices = slices_of(window_ns);
	if (slices > SLICES_MAX)
		return;
	team->slice_sums = calloc(slices + 1, sizeof(*team->slice_sums));
	if (!team->slice_sums)
		return;
	read_sums(&team->slice_sums[0]);
	for (size_t i = 1; i <= slices; i++) {
		uint64_t end_ns = i < slices ? i * RM_SLICE_NS : window_ns;

		rm_sleep_until(start_ns + end_ns);
		read_sums(&team->slice_sums[i]);
	}
}

static int by_slice(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Adds the samples of a slice to a histogram. The samples are sorted. */
static void collect_slice(const struct rm_team *team, size_t *at, size_t slice,
        struct rm_histogram *into)
{
	rm_histogram_clear(into);
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_slices *slices = team->members[i].pace.slices;

		for (; at[i] < slices->count &&
		        slices->samples[at[i]] >> BUCKET_BITS == slice;
		        at[i]++)
			rm_histogram_add(into,
			        slices->samples[at[i]] &
			                ((1U << BUCKET_BITS) - 1),
			        1);
	}
}

static json_t *pauses_json(
        const struct rm_slice_sums *from, const struct rm_slice_sums *to)
{
	json_t *pauses = json_array();

	for (int event = 0; event < RM_EVENTS; event++)
		if (event != RM_EVENT_PHASE &&
		        to->count[event] > from->count[event])
			json_array_append_new(pauses,
			        json_pack("{s:s, s:I, s:I}", "event",
			                rm_event_name((enum rm_event)event),
			                "count",
			                (json_int_t)(to->count[event] -
			                             from->count[event]),
			                "ns",
			                (json_int_t)(to->ns[event] -
			                             from->ns[event])));
	return pauses;
}

static json_t *slice_json(const struct rm_team *team, size_t slice,
        const struct rm_histogram *latencies)
{
	const struct rm_slice_sums *sums = team->slice_sums;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "at_ns",
	        (json_int_t)slice * RM_SLICE_NS, "operations",
	        (json_int_t)latencies->count, "p50_ns",
	        (json_int_t)rm_histogram_quantile(latencies, .5), "p99_ns",
	        (json_int_t)rm_histogram_quantile(latencies, .99), "max_ns",
	        (json_int_t)latencies->max_ns, "bytes",
	        sums && sums[slice + 1].bytes >= 0
	                ? json_integer((json_int_t)sums[slice + 1].bytes)
	                : json_null(),
	        "pauses",
	        sums ? pauses_json(&sums[slice], &sums[slice + 1])
	             : json_null());
}

static bool complete(const struct rm_team *team)
{
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_slices *slices = team->members[i].pace.slices;

		if (!slices || slices->count > slices->room)
			return false;
	}
	return true;
}

json_t *rm_team_slices(const struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;
	const size_t count = slices_of(cell->window_ns);
	struct rm_histogram *latencies;
	json_t *list;
	size_t *at;

	if (cell->loop.kind != RM_LOOP_PACED || count > SLICES_MAX ||
	        !complete(team))
		return json_null();
	latencies = rm_histogram_create();
	at = calloc(cell->threads, sizeof(*at));
	list = latencies && at ? json_array() : json_null();
	for (unsigned i = 0; i < cell->threads; i++) {
		const struct rm_slices *slices = team->members[i].pace.slices;

		qsort(slices->samples, slices->count, sizeof(uint32_t),
		        by_slice);
	}
	for (size_t i = 0; latencies && at && i < count; i++) {
		collect_slice(team, at, i, latencies);
		json_array_append_new(list, slice_json(team, i, latencies));
	}
	free(latencies);
	free(at);
	return list;
}
