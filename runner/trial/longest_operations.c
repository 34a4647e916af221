/* SPDX-License-Identifier: Apache-2.0 */
/* longest_operations.c - lists the longest operations and the events that
   overlapped them. */
#include "runner/trial/internal.h"

#include "runner/trial/events.h"

#include <stdlib.h>

enum { CAUSES = 256 }; /* maximum number of causes of an operation */

/* Events of one kind that one thread recorded during an operation. */
struct cause {
	int lane;
	enum rm_event event;
	uint64_t overlap_ns;
};

/* Adds an overlap. If the array is full, ignores new kinds. */
static size_t add_cause(struct cause *causes, size_t count, int lane,
        enum rm_event event, uint64_t overlap_ns)
{
	size_t i = 0;

	while (i < count &&
	        (causes[i].lane != lane || causes[i].event != event))
		i++;
	if (i == CAUSES)
		return count;
	if (i == count)
		causes[count++] = (struct cause){ lane, event, 0 };
	causes[i].overlap_ns += overlap_ns;
	return count;
}

/* Collects the events that overlap an operation. Searches all events for each
   operation, which is slow, but happens after the window. Skips phases, since
   they overlap every operation. */
static size_t causes_of(const struct rm_slow *slow, struct cause *causes)
{
	struct rm_event_lane lane;
	size_t count = 0;

	for (unsigned i = 0; i < rm_events_lanes(); i++) {
		if (!rm_events_lane_at(i, &lane))
			continue;
		for (size_t at = 0; at < lane.count; at++) {
			struct rm_event_record event = rm_events_at(i, at);
			uint64_t from = event.start_ns > slow->start_ns
			                        ? event.start_ns
			                        : slow->start_ns;
			uint64_t to = event.end_ns < slow->end_ns
			                      ? event.end_ns
			                      : slow->end_ns;

			if (event.kind == RM_EVENT_IS_SPAN &&
			        event.event != RM_EVENT_PHASE && from < to)
				count = add_cause(causes, count, lane.lane,
				        event.event, to - from);
		}
	}
	return count;
}

static int by_overlap(const void *a, const void *b)
{
	const struct cause *x = a, *y = b;

	return (x->overlap_ns < y->overlap_ns) -
	       (x->overlap_ns > y->overlap_ns);
}

static json_t *causes_json(const struct rm_slow *slow)
{
	struct cause causes[CAUSES];
	json_t *list = json_array();
	size_t count = causes_of(slow, causes);

	qsort(causes, count, sizeof(*causes), by_overlap);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		        list, json_pack("{s:s, s:i, s:I}", "event",
		                      rm_event_name(causes[i].event), "slot",
		                      causes[i].lane, "overlap_ns",
		                      (json_int_t)causes[i].overlap_ns));
	return list;
}

struct timed_operation {
	struct rm_slow slow;
	unsigned slot;
};

static uint64_t length_of(const struct timed_operation *operation)
{
	return operation->slow.end_ns - operation->slow.start_ns;
}

static int by_length(const void *a, const void *b)
{
	const struct timed_operation *x = a, *y = b;

	return (length_of(x) < length_of(y)) - (length_of(x) > length_of(y));
}

static json_t *operation_json(
        const struct timed_operation *operation, uint64_t start_ns)
{
	const struct rm_slow *slow = &operation->slow;

	return json_pack("{s:I, s:i, s:s, s:b, s:I, s:I, s:o}", "at_ns",
	        (json_int_t)(slow->start_ns - start_ns), "slot",
	        (int)operation->slot, "operation",
	        rm_operation_name(slow->operation), "was_there",
	        slow->was_there, "service_ns", (json_int_t)length_of(operation),
	        "late_ns", (json_int_t)slow->late_ns, "causes",
	        RM_STATS_BUILT ? causes_json(slow) : json_null());
}

json_t *rm_team_longest(const struct rm_team *team)
{
	const unsigned threads = team->request->cell.threads;
	struct timed_operation *all;
	json_t *list;
	size_t count = 0;

	if (team->request->cell.loop.kind != RM_LOOP_PACED &&
	        !rm_loop_fills(team->request->cell.loop.kind))
		return json_null();
	all = calloc((size_t)threads * RM_SLOWEST, sizeof(*all));
	if (!all)
		return json_null();
	for (unsigned i = 0; i < threads; i++)
		for (unsigned s = 0; s < team->members[i].pace.slow_count; s++)
			all[count++] = (struct timed_operation){
				team->members[i].pace.slowest[s], i
			};
	qsort(all, count, sizeof(*all), by_length);
	list = json_array();
	for (size_t i = 0; i < count && i < RM_SLOWEST; i++)
		json_array_append_new(
		        list, operation_json(&all[i], rm_team_start_ns(team)));
	free(all);
	return list;
}
