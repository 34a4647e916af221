/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/trial/trace.h"

#include "runner/trial/events.h"
#include "runner/trial/team.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TID_FIRST = 2, DEPTH = 64 };

/* One record and where it comes from. */
struct item {
	struct rm_event_record record;
	int lane;
	bool alone; /* a state of which the other end is not there */
};

struct trace {
	FILE *out;
	struct item *items; /* lane after lane */
	size_t count;
	uint64_t start_ns, end_ns;
	bool begun; /* something stands in traceEvents */
};

static int tid_of(int lane)
{
	return lane + TID_FIRST;
}

static void begin_event(struct trace *trace, const char *phase, int lane,
        const char *name, uint64_t ns)
{
	ns -= trace->start_ns;
	fprintf(trace->out,
	        "%s\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%d,\"ts\":%" PRIu64
	        ".%03" PRIu64 ",\"name\":\"%s\"",
	        trace->begun ? "," : "", phase, tid_of(lane), ns / 1000,
	        ns % 1000, name);
	trace->begun = true;
}

static const char *name_of(const struct rm_event_record *record)
{
	return record->event == RM_EVENT_PHASE
	               ? rm_phase_name((enum rm_phase)record->argument)
	               : rm_event_name(record->event);
}

/* Where a span or state begins or ends. */
static void write_edge(struct trace *trace, const struct item *item,
        const char *phase, uint64_t ns)
{
	const struct rm_event_record *record = &item->record;

	begin_event(trace, phase, item->lane, name_of(record), ns);
	fprintf(trace->out, ",\"cat\":\"%s\"",
	        record->event == RM_EVENT_PHASE ? "phase" : "map");
	if (record->kind != RM_EVENT_IS_SPAN)
		fprintf(trace->out, ",\"id\":\"0x%" PRIxPTR "\"",
		        record->object);
	if (*phase == 'B' || *phase == 'b')
		fprintf(trace->out, ",\"args\":{\"%s\":%" PRIu64 "}",
		        rm_event_argument(record->event), record->argument);
	fputc('}', trace->out);
}

static void write_names(struct trace *trace, const struct rm_cell *cell)
{
	struct rm_event_lane lane;

	begin_event(trace, "M", RM_EVENT_MAIN, "process_name", trace->start_ns);
	fprintf(trace->out, ",\"args\":{\"name\":\"%s\"}}", cell->map);
	for (unsigned i = 0; i < rm_events_lanes(); i++) {
		if (!rm_events_lane_at(i, &lane))
			continue;
		begin_event(
		        trace, "M", lane.lane, "thread_name", trace->start_ns);
		if (lane.lane == RM_EVENT_MAIN)
			fprintf(trace->out, ",\"args\":{\"name\":\"main\"}}");
		else
			fprintf(trace->out, ",\"args\":{\"name\":\"%s %d\"}}",
			        lane.lane < RM_EVENT_FOREIGN ? "thread"
			                                     : "other thread",
			        lane.lane % RM_EVENT_FOREIGN);
	}
}

static int take_all(struct trace *trace)
{
	struct rm_event_lane lane;
	size_t count = 0;

	for (unsigned i = 0; i < rm_events_lanes(); i++)
		if (rm_events_lane_at(i, &lane))
			count += lane.count;
	trace->items = calloc(count + 1, sizeof(*trace->items));
	if (!trace->items)
		return -ENOMEM;
	trace->start_ns = count ? UINT64_MAX : 0;
	for (unsigned i = 0; i < rm_events_lanes(); i++) {
		if (!rm_events_lane_at(i, &lane))
			continue;
		for (size_t at = 0; at < lane.count && trace->count < count;
		        at++) {
			struct item *item = &trace->items[trace->count++];

			*item = (struct item){ .record = rm_events_at(i, at),
				.lane = lane.lane };
			if (item->record.start_ns < trace->start_ns)
				trace->start_ns = item->record.start_ns;
			if (item->record.end_ns > trace->end_ns)
				trace->end_ns = item->record.end_ns;
		}
	}
	return 0;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Lane after lane; the outer of two spans first, which was recorded last. */
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

/* States of one object beside each other, in time. */
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

/* Finds the states of which one end is missing; the two may lie in two
   lanes. */
static int pair_states(struct trace *trace)
{
	struct item **states = calloc(trace->count + 1, sizeof(*states));
	size_t count = 0;

	if (!states)
		return -ENOMEM;
	for (size_t i = 0; i < trace->count; i++)
		if (trace->items[i].record.kind != RM_EVENT_IS_SPAN)
			states[count++] = &trace->items[i];
	qsort(states, count, sizeof(*states), by_object);
	for (size_t i = 0; i < count; i++)
		if (i + 1 < count && is_pair(states[i], states[i + 1]))
			i++;
		else
			states[i]->alone = true;
	free(states);
	return 0;
}

/* Ends the states that never ended: their map was destroyed, or the ring ran
   over. */
static void close_states(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		if (trace->items[i].alone &&
		        trace->items[i].record.kind == RM_EVENT_OPENS)
			write_edge(trace, &trace->items[i], "e", trace->end_ns);
}

/* One lane, in time, its spans nested by a stack of those still open. */
static void write_lane(struct trace *trace, size_t first, size_t end)
{
	const struct item *open[DEPTH];
	size_t depth = 0;

	for (size_t i = first; i <= end; i++) {
		const struct item *item = i < end ? &trace->items[i] : NULL;

		while (depth && (!item || open[depth - 1]->record.end_ns <=
		                                  item->record.start_ns)) {
			depth--;
			write_edge(trace, open[depth], "E",
			        open[depth]->record.end_ns);
		}
		if (!item || depth == DEPTH ||
		        (item->alone && item->record.kind == RM_EVENT_CLOSES))
			continue;
		if (item->record.kind == RM_EVENT_IS_SPAN)
			open[depth++] = item;
		write_edge(trace, item,
		        item->record.kind == RM_EVENT_IS_SPAN ? "B"
		        : item->record.kind == RM_EVENT_OPENS ? "b"
		                                              : "e",
		        item->record.start_ns);
	}
}

static void write_head(struct trace *trace, const struct rm_cell *cell)
{
	json_t *about = json_pack("{s:s, s:I}", "cell", cell->id, "events_lost",
	        (json_int_t)rm_events_lost());

	fprintf(trace->out, "{\"displayTimeUnit\":\"ns\",\"otherData\":");
	json_dumpf(about, trace->out, JSON_COMPACT);
	fprintf(trace->out, ",\n\"traceEvents\":[");
	json_decref(about);
	write_names(trace, cell);
}

int rm_trace_write(FILE *out, const struct rm_cell *cell)
{
	struct trace trace = { .out = out };

	if (take_all(&trace))
		return -ENOMEM;
	qsort(trace.items, trace.count, sizeof(*trace.items), by_lane);
	if (pair_states(&trace)) {
		free(trace.items);
		return -ENOMEM;
	}
	write_head(&trace, cell);
	for (size_t i = 0, end; i < trace.count; i = end) {
		for (end = i; end < trace.count &&
		              trace.items[end].lane == trace.items[i].lane;)
			end++;
		write_lane(&trace, i, end);
	}
	close_states(&trace);
	fprintf(out, "\n]}\n");
	free(trace.items);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
