/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.c - writes the events of this process as Chrome trace-event JSON. */

#include "runner/trial/events.h"
#include "runner/trial/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TID_FIRST = 2, DEPTH = 64 };

/* An event and the lane (thread) that recorded it. */
struct item {
	struct rm_event_record record;
	int lane;
	bool unpaired; /* a state without begin or end */
};

struct timeline {
	FILE *out;
	struct item *items; /* sorted by lane */
	size_t count;
	uint64_t start_ns, end_ns;
	bool has_events; /* false: traceEvents is still empty */
};

static int tid_of(int lane)
{
	return lane + TID_FIRST;
}

static void begin_event(struct timeline *timeline, const char *phase, int lane,
        const char *name, uint64_t ns)
{
	ns -= timeline->start_ns;
	fprintf(timeline->out,
	        "%s\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%d,\"ts\":%" PRIu64
	        ".%03" PRIu64 ",\"name\":\"%s\"",
	        timeline->has_events ? "," : "", phase, tid_of(lane), ns / 1000,
	        ns % 1000, name);
	timeline->has_events = true;
}

static const char *name_of(const struct rm_event_record *record)
{
	return record->event == RM_EVENT_PHASE
	               ? rm_phase_name((enum rm_phase)record->argument)
	               : rm_event_name(record->event);
}

static void write_edge(struct timeline *timeline, const struct item *item,
        const char *phase, uint64_t ns)
{
	const struct rm_event_record *record = &item->record;

	begin_event(timeline, phase, item->lane, name_of(record), ns);
	fprintf(timeline->out, ",\"cat\":\"%s\"",
	        record->event == RM_EVENT_PHASE ? "phase" : "map");
	if (record->kind != RM_EVENT_IS_SPAN)
		fprintf(timeline->out, ",\"id\":\"0x%" PRIxPTR "\"",
		        record->object);
	if (*phase == 'B' || *phase == 'b')
		fprintf(timeline->out, ",\"args\":{\"%s\":%" PRIu64 "}",
		        rm_event_argument(record->event), record->argument);
	fputc('}', timeline->out);
}

/* Writes the names of threads first, for human readers. Viewers accept any
   position. */
static void write_names(struct timeline *timeline, const struct rm_cell *cell)
{
	struct rm_event_lane lane;

	begin_event(timeline, "M", RM_EVENT_MAIN, "process_name",
	        timeline->start_ns);
	fprintf(timeline->out, ",\"args\":{\"name\":\"%s\"}}", cell->map);
	for (unsigned i = 0; i < rm_events_lanes(); i++) {
		if (!rm_events_lane_at(i, &lane))
			continue;
		begin_event(timeline, "M", lane.lane, "thread_name",
		        timeline->start_ns);
		if (lane.lane == RM_EVENT_MAIN)
			fprintf(timeline->out,
			        ",\"args\":{\"name\":\"main\"}}");
		else
			fprintf(timeline->out,
			        ",\"args\":{\"name\":\"%s %d\"}}",
			        lane.lane < RM_EVENT_FOREIGN ? "thread"
			                                     : "other thread",
			        lane.lane % RM_EVENT_FOREIGN);
	}
}

/* Counts the events, then copies them. The second bound protects the array if a
   thread is still recording. */
static int collect_events(struct timeline *timeline)
{
	struct rm_event_lane lane;
	size_t count = 0;

	for (unsigned i = 0; i < rm_events_lanes(); i++)
		if (rm_events_lane_at(i, &lane))
			count += lane.count;
	timeline->items = calloc(count + 1, sizeof(*timeline->items));
	if (!timeline->items)
		return -ENOMEM;
	timeline->start_ns = count ? UINT64_MAX : 0;
	for (unsigned i = 0; i < rm_events_lanes(); i++) {
		if (!rm_events_lane_at(i, &lane))
			continue;
		for (size_t at = 0; at < lane.count && timeline->count < count;
		        at++) {
			struct item *item = &timeline->items[timeline->count++];

			*item = (struct item){ .record = rm_events_at(i, at),
				.lane = lane.lane };
			if (item->record.start_ns < timeline->start_ns)
				timeline->start_ns = item->record.start_ns;
			if (item->record.end_ns > timeline->end_ns)
				timeline->end_ns = item->record.end_ns;
		}
	}
	return 0;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Compares by lane, then by time. If two spans start together, the outer span
   precedes; it was recorded last. */
static int by_lane(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = (x->lane > y->lane) - (x->lane < y->lane);

	if (!order)
		order = compare(x->record.start_ns, y->record.start_ns);
	if (!order)
		order = compare(y->record.end_ns, x->record.end_ns);
	return order ? order : compare(y->record.sequence, x->record.sequence);
}

/* Compares states by object, then by time, so that the states of one object are
   adjacent. */
static int by_object(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a;
	const struct item *y = *(struct item *const *)b;
	int order = compare(x->record.object, y->record.object);

	if (!order)
		order = compare(x->record.event, y->record.event);
	if (!order)
		order = compare(x->record.start_ns, y->record.start_ns);
	return order ? order : compare(x->record.sequence, y->record.sequence);
}

static bool is_pair(const struct item *open, const struct item *close)
{
	return open->record.kind == RM_EVENT_OPENS &&
	       close->record.kind == RM_EVENT_CLOSES &&
	       open->record.object == close->record.object &&
	       open->record.event == close->record.event;
}

/* Marks states without begin or end. The two may be in different lanes. */
static int pair_states(struct timeline *timeline)
{
	struct item **states = calloc(timeline->count + 1, sizeof(*states));
	size_t count = 0;

	if (!states)
		return -ENOMEM;
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->items[i].record.kind != RM_EVENT_IS_SPAN)
			states[count++] = &timeline->items[i];
	qsort(states, count, sizeof(*states), by_object);
	for (size_t i = 0; i < count; i++)
		if (i + 1 < count && is_pair(states[i], states[i + 1]))
			i++;
		else
			states[i]->unpaired = true;
	free(states);
	return 0;
}

/* Ends states without a recorded end: the map was destroyed, or the ring lost
   the event. */
static void close_states(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->items[i].unpaired &&
		        timeline->items[i].record.kind == RM_EVENT_OPENS)
			write_edge(timeline, &timeline->items[i], "e",
			        timeline->end_ns);
}

/* Writes a lane in order of time. Open spans are nested on a stack. */
static void write_lane(struct timeline *timeline, size_t first, size_t end)
{
	const struct item *open[DEPTH];
	size_t depth = 0;

	for (size_t i = first; i <= end; i++) {
		const struct item *item = i < end ? &timeline->items[i] : NULL;

		while (depth && (!item || open[depth - 1]->record.end_ns <=
		                                  item->record.start_ns)) {
			depth--;
			write_edge(timeline, open[depth], "E",
			        open[depth]->record.end_ns);
		}
		if (!item || depth == DEPTH ||
		        (item->unpaired &&
		                item->record.kind == RM_EVENT_CLOSES))
			continue;
		if (item->record.kind == RM_EVENT_IS_SPAN)
			open[depth++] = item;
		write_edge(timeline, item,
		        item->record.kind == RM_EVENT_IS_SPAN ? "B"
		        : item->record.kind == RM_EVENT_OPENS ? "b"
		                                              : "e",
		        item->record.start_ns);
	}
}

static void write_head(struct timeline *timeline, const struct rm_cell *cell)
{
	json_t *about = json_pack("{s:s, s:I, s:I}", "cell", cell->id,
	        "events_lost", (json_int_t)rm_events_lost(), "lock_waits_lost",
	        (json_int_t)rm_events_waits_lost());

	fprintf(timeline->out, "{\"displayTimeUnit\":\"ns\",\"otherData\":");
	json_dumpf(about, timeline->out, JSON_COMPACT);
	fprintf(timeline->out, ",\n\"traceEvents\":[");
	json_decref(about);
	write_names(timeline, cell);
}

int rm_timeline_write(FILE *out, const struct rm_cell *cell)
{
	struct timeline timeline = { .out = out };

	if (collect_events(&timeline))
		return -ENOMEM;
	qsort(timeline.items, timeline.count, sizeof(*timeline.items), by_lane);
	if (pair_states(&timeline)) {
		free(timeline.items);
		return -ENOMEM;
	}
	write_head(&timeline, cell);
	for (size_t i = 0, end; i < timeline.count; i = end) {
		for (end = i;
		        end < timeline.count &&
		        timeline.items[end].lane == timeline.items[i].lane;)
			end++;
		write_lane(&timeline, i, end);
	}
	close_states(&timeline);
	fprintf(out, "\n]}\n");
	free(timeline.items);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
