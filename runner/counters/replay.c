/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - serves a recording interval by interval, labelled as such. */
#include "runner/counters/replay.h"
#include "runner/counters/backend.h"
#include "runner/counters/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct replay {
	json_t *lines;
	char *file;
	unsigned threads;
	unsigned next, shown; /* interval that stop() will show; that it did */
	bool counted;
	unsigned intervals;
};

static void close_replay(void *state)
{
	struct replay *replay = state;

	json_decref(replay->lines);
	free(replay->file);
	free(replay);
}

static int open_replay(const struct rm_session_request *request, void **state,
        struct rm_error *error)
{
	const char *file =
	        json_string_value(json_object_get(request->request, "file"));
	json_int_t first = json_integer_value(
	        json_object_get(request->request, "interval"));

	if (!file)
		return rm_error_set(error, -EINVAL,
		        "counters: replay needs \"file\", a recording");
	struct replay *replay = calloc(1, sizeof(*replay));
	if (!replay)
		return rm_error_set(error, -ENOMEM, "out of memory");
	replay->threads = request->threads;
	replay->file = strdup(file);
	int n = rm_replay_load(file, &replay->lines, error);
	if (n < 0 || first < 0 || first >= n) {
		if (n >= 0)
			n = rm_error_set(error, -ERANGE,
			        "%s: interval %lld, expected 0 to %d", file,
			        (long long)first, n - 1);
		close_replay(replay);
		return n;
	}
	replay->intervals = (unsigned)n;
	replay->next = (unsigned)first;
	*state = replay;
	return 0;
}

static int stop_replay(void *state)
{
	struct replay *replay = state;

	if (replay->next >= replay->intervals) {
		replay->counted = false;
		return -ENODATA;
	}
	replay->shown = replay->next++;
	replay->counted = true;
	return 0;
}

static const char *text_of(const json_t *line, const char *key)
{
	return json_string_value(json_object_get(line, key));
}

static bool belongs(const struct replay *replay, const json_t *line)
{
	return json_integer_value(json_object_get(line, "interval")) ==
	       (json_int_t)replay->shown;
}

/* "replayed" hides no defect: what had no value then has none now. */
static struct rm_reading reading_of(const json_t *line)
{
	const json_t *value = json_object_get(line, "value");
	const char *reason = text_of(line, "reason");
	struct rm_reading reading = { .quality = RM_QUALITY_REPLAYED };

	if (json_is_null(value))
		return rm_reading_invalid("recorded as %s: %s",
		        text_of(line, "quality"), reason ? reason : "no value");
	reading.value = json_number_value(value);
	reading.enabled_ns = (uint64_t)json_integer_value(
	        json_object_get(line, "enabled_ns"));
	reading.running_ns = (uint64_t)json_integer_value(
	        json_object_get(line, "running_ns"));
	if (strcmp(text_of(line, "quality"), "exact"))
		snprintf(reading.reason, sizeof(reading.reason),
		        "recorded as %s", text_of(line, "quality"));
	return reading;
}

static bool same_event(const json_t *a, const json_t *b)
{
	return !strcmp(text_of(a, "metric"), text_of(b, "metric"));
}

/* All threads of the event that starts at lines[first]. */
static json_t *event_of(const struct replay *replay, size_t first)
{
	const json_t *head = json_array_get(replay->lines, first);
	struct rm_event_name name = { text_of(head, "metric"),
		text_of(head, "event"), text_of(head, "code") };
	struct rm_reading *readings =
	        calloc(replay->threads, sizeof(*readings));
	bool times = json_is_integer(json_object_get(head, "enabled_ns"));
	size_t i;
	json_t *line;

	if (!readings)
		return NULL;
	for (unsigned k = 0; k < replay->threads; k++)
		readings[k] = rm_reading_invalid(
		        "thread %u is not in the recording", k);
	json_array_foreach (replay->lines, i, line) {
		json_int_t thread =
		        json_integer_value(json_object_get(line, "thread"));

		if (belongs(replay, line) && same_event(line, head) &&
		        thread < (json_int_t)replay->threads)
			readings[thread] = reading_of(line);
	}
	json_t *event =
	        rm_reading_event(&name, readings, replay->threads, times);
	free(readings);
	return event;
}

static bool seen(const struct replay *replay, size_t before)
{
	const json_t *line = json_array_get(replay->lines, before);

	for (size_t i = 0; i < before; i++) {
		const json_t *other = json_array_get(replay->lines, i);

		if (belongs(replay, other) && same_event(other, line))
			return true;
	}
	return false;
}

static void result_replay(const void *state, json_t *result)
{
	const struct replay *replay = state;
	json_t *events = json_object_get(result, "events"), *line;
	bool said = false;
	size_t i;

	if (!replay->counted) {
		json_object_set_new(result, "reason",
		        json_sprintf(
		                "%s has no further interval", replay->file));
		return;
	}
	json_array_foreach (replay->lines, i, line) {
		if (!belongs(replay, line) || seen(replay, i))
			continue;
		json_array_append_new(events, event_of(replay, i));
		if (said)
			continue;
		said = true;
		json_object_set_new(
		        result, "cpu", json_string(text_of(line, "cpu")));
		json_object_set_new(result, "reason",
		        json_sprintf("replayed from %s, interval %u: counted "
		                     "by %s on %s (%s)",
		                replay->file, replay->shown,
		                text_of(line, "backend"), text_of(line, "cpu"),
		                text_of(line, "origin")));
	}
}

const struct rm_backend rm_backend_replay = {
	.name = "replay",
	.open = open_replay,
	.stop = stop_replay,
	.result = result_replay,
	.close = close_replay,
};
