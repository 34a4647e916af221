/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_perfetto.c - writes one finding as trace events: a track for each
 * thread, a slice for each operation, and inside it a slice for each visible
 * access.
 *
 * Format: "Trace Event Format", JSON, complete events (ph "X") and metadata
 * (ph "M"). Time is only the order of accesses. Each takes one microsecond, the
 * smallest unit of the format.
 */
#include "verify/explore/view.h"

#include <errno.h>
#include <jansson.h>

enum { TEXT_BYTES = 160 };

struct perfetto {
	const struct rm_explore_view *view;
	json_t *events; /* the array; borrowed */
};

/* Becomes the owner of `args`, which may be NULL. */
static int add_slice(struct perfetto *to, const char *name, unsigned lane,
        size_t from, size_t events, json_t *args)
{
	json_t *slice = json_pack("{s:s, s:s, s:i, s:i, s:I, s:I}", "name",
	        name, "ph", "X", "pid", 1, "tid", (int)lane, "ts",
	        (json_int_t)from, "dur", (json_int_t)events);

	if (slice && args)
		json_object_set(slice, "args", args);
	json_decref(args);
	return json_array_append_new(to->events, slice);
}

static int name_thread(struct perfetto *to, unsigned lane)
{
	return json_array_append_new(to->events,
	        json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "name",
	                "thread_name", "ph", "M", "pid", 1, "tid", (int)lane,
	                "args", "name", json_sprintf("thread %u", lane)));
}

/* Returns one past the last event of the operation that begins with
   event i. */
static size_t end_of(const struct rm_explore_view *view, size_t i)
{
	const struct rm_explore_event *first = &view->event[i];
	size_t end = i + 1;

	for (size_t n = i + 1; n < view->events; n++)
		if (view->event[n].lane == first->lane &&
		        view->event[n].operation == first->operation)
			end = n + 1;
	return end;
}

static int add_operation(struct perfetto *to, size_t i)
{
	const struct rm_explore_event *event = &to->view->event[i];
	char text[TEXT_BYTES];

	rm_explore_format_operation(to->view, event, text, sizeof(text));
	return add_slice(
	        to, text, event->lane, i, end_of(to->view, i) - i, NULL);
}

static int add_access(struct perfetto *to, size_t i)
{
	const struct rm_explore_event *event = &to->view->event[i];
	char text[TEXT_BYTES];
	json_t *args;

	rm_explore_format_event(to->view, event, text, sizeof(text));
	args = json_pack("{s:s}", "at",
	        rm_explore_sites_find(&to->view->sites, event->site)->chain);
	if (args && event->looks_back) {
		char older[TEXT_BYTES];

		rm_explore_format_older(to->view, event, older, sizeof(older));
		json_object_set_new(args, "reads", json_string(older));
	}
	return add_slice(to, text, event->lane, i, 1, args);
}

static int add_events(struct perfetto *to)
{
	const struct rm_explore_view *view = to->view;
	int status = 0;

	for (unsigned lane = 1; lane < RM_EXPLORE_LANES; lane++)
		if (view->shown >> lane & 1)
			status |= name_thread(to, lane);
	for (size_t i = 0; i < view->events; i++) {
		if (rm_explore_is_first_event(view, i))
			status |= add_operation(to, i);
		if (view->event[i].site)
			status |= add_access(to, i);
	}
	return status;
}

int rm_explore_view_perfetto(const struct rm_explore_view *view, FILE *out)
{
	struct perfetto to = { .view = view, .events = json_array() };
	json_t *root = json_pack("{s:o, s:{s:s, s:s, s:s, s:I}}", "traceEvents",
	        to.events, "otherData", "finding", view->played->what, "map",
	        view->failing->program.impl->id, "time",
	        "the order of accesses, not time: each takes one microsecond",
	        "accesses not kept", (json_int_t)view->events_lost);
	int status = 0;

	if (!root || add_events(&to))
		status = -ENOMEM;
	else if (json_dumpf(root, out, JSON_INDENT(1)) ||
	         fputc('\n', out) == EOF)
		status = -EIO;
	json_decref(root);
	return status;
}
