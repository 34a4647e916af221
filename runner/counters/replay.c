/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - records counts. Replays a recording interval by interval, with
   quality "replayed". */
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/counters/prove.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_counting_backend(const char *backend)
{
	return !strcmp(backend, "perf") || !strcmp(backend, "likwid");
}

static json_t *copy_or_null(const json_t *array, size_t index)
{
	json_t *value = json_array_get(array, index);

	return value ? json_incref(value) : json_null();
}

static int write_line(FILE *out, json_t *line, struct rm_error *error)
{
	int code = line ? json_dumpf(line, out, JSON_COMPACT) : -1;

	if (code || fputc('\n', out) == EOF)
		code = rm_error_set(
		        error, -EIO, "recording: %s", strerror(errno));
	json_decref(line);
	return code;
}

/* Records an event. A missing value is null and has a reason, since 0 would be
   a count. */
static int record_event(
        FILE *out, const json_t *event, json_t *head, struct rm_error *error)
{
	static const char *const copied[] = { "metric", "event", "code",
		"quality", "reason" };
	const json_t *values = json_object_get(event, "per_thread");
	int code = 0;

	for (size_t i = 0; i < json_array_size(values) && !code; i++) {
		json_t *line = json_deep_copy(head);

		json_object_set_new(
		        line, "thread", json_integer((json_int_t)i));
		for (size_t k = 0; k < sizeof(copied) / sizeof(*copied); k++)
			json_object_set(line, copied[k],
			        json_object_get(event, copied[k]));
		json_object_set_new(line, "value", copy_or_null(values, i));
		json_object_set_new(line, "enabled_ns",
		        copy_or_null(json_object_get(event, "enabled_ns"), i));
		json_object_set_new(line, "running_ns",
		        copy_or_null(json_object_get(event, "running_ns"), i));
		code = write_line(out, line, error);
	}
	return code;
}

int rm_replay_record(FILE *out, const json_t *result, unsigned interval,
        int fake, struct rm_error *error)
{
	const char *backend = rm_json_text(result, "backend");
	size_t i;
	json_t *event;
	int code = 0;

	if (!is_counting_backend(backend))
		return rm_error_set(error, -EINVAL,
		        "recording: a result of back end \"%s\", expected perf "
		        "or likwid",
		        backend);
	if (getenv("RM_SYSFS") || getenv("LD_PRELOAD"))
		fake = 1;
	json_t *head = json_pack("{s:i, s:s, s:s, s:s, s:i}", "format", 1,
	        "origin", fake ? "fake" : "hardware", "backend", backend, "cpu",
	        rm_json_text(result, "cpu"), "interval", (int)interval);
	json_array_foreach (json_object_get(result, "events"), i, event) {
		if (!code)
			code = record_event(out, event, head, error);
	}
	json_decref(head);
	return code;
}

/* Checks the enabled and running times. They show how much a count was
   scaled. */
static int check_times(
        const json_t *line, const char *where, struct rm_error *error)
{
	static const char *const times[] = { "enabled_ns", "running_ns" };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const json_t *time = json_object_get(line, times[i]);

		if (time && !json_is_null(time) &&
		        !(json_is_integer(time) &&
		                json_integer_value(time) >= 0))
			return rm_error_set(error, -EINVAL,
			        "%s: %s: expected an integer from 0 or null",
			        where, times[i]);
	}
	return 0;
}

/* Checks a line of a recording. Its value may be null, but must exist. */
static int check_line(
        const json_t *line, const char *where, struct rm_error *error)
{
	static const char *const texts[] = { "cpu", "metric", "event", "code",
		"quality" };
	const json_t *value = json_object_get(line, "value");

	if (!is_counting_backend(rm_json_text(line, "backend")))
		return rm_error_set(error, -EINVAL,
		        "%s: backend \"%s\", expected perf or likwid", where,
		        rm_json_text(line, "backend"));
	if (strcmp(rm_json_text(line, "origin"), "hardware") &&
	        strcmp(rm_json_text(line, "origin"), "fake"))
		return rm_error_set(error, -EINVAL,
		        "%s: origin \"%s\", expected hardware or fake", where,
		        rm_json_text(line, "origin"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!rm_json_text(line, texts[i])[0])
			return rm_error_set(error, -EINVAL,
			        "%s: no %s, expected a text", where, texts[i]);
	if (!rm_quality_is_known(rm_json_text(line, "quality")))
		return rm_error_set(error, -EINVAL, "%s: quality \"%s\"", where,
		        rm_json_text(line, "quality"));
	json_int_t interval = rm_json_integer(line, "interval");
	json_int_t thread = rm_json_integer(line, "thread");
	if (!json_is_integer(json_object_get(line, "interval")) ||
	        !json_is_integer(json_object_get(line, "thread")) ||
	        interval < 0 || thread < 0 || interval > 1000000 ||
	        thread > 4096)
		return rm_error_set(error, -EINVAL,
		        "%s: no interval or thread, expected numbers from 0",
		        where);
	if (!(json_is_number(value) && json_number_value(value) >= 0) &&
	        !json_is_null(value))
		return rm_error_set(error, -EINVAL,
		        "%s: no value, expected a number from 0 or null",
		        where);
	return check_times(line, where, error);
}

struct loading {
	json_t *lines;
	json_t *seen;    /* set of (interval, thread, metric) */
	json_t *origins; /* maps an interval to back end, CPU and origin */
	int intervals;
};

/* Rejects a second line for the same count, since it would be ignored. */
static int check_duplicate(struct loading *loading, const json_t *line,
        const char *where, struct rm_error *error)
{
	char key[256];

	snprintf(key, sizeof(key), "%lld %lld %s",
	        (long long)rm_json_integer(line, "interval"),
	        (long long)rm_json_integer(line, "thread"),
	        rm_json_text(line, "metric"));
	if (json_object_get(loading->seen, key))
		return rm_error_set(error, -EINVAL,
		        "%s: a duplicate of an earlier interval, thread and "
		        "metric, expected each count once",
		        where);
	json_object_set_new(loading->seen, key, json_true());
	return 0;
}

/* Checks that a line matches the first line of its interval, since an interval
   is one result of one machine. */
static int check_origin(struct loading *loading, const json_t *line,
        const char *where, struct rm_error *error)
{
	char interval[32];

	snprintf(interval, sizeof(interval), "%lld",
	        (long long)rm_json_integer(line, "interval"));
	json_t *now = json_pack("[s, s, s]", rm_json_text(line, "backend"),
	        rm_json_text(line, "cpu"), rm_json_text(line, "origin"));
	json_t *first = json_object_get(loading->origins, interval);
	bool same = !first || json_equal(first, now);

	json_object_set_new(loading->origins, interval, now);
	return same ? 0
	            : rm_error_set(error, -EINVAL,
	                      "%s: backend, cpu or origin differs from the "
	                      "interval's first line",
	                      where);
}

static int read_line(struct loading *loading, const char *text, size_t length,
        const char *where, struct rm_error *error)
{
	json_error_t fault;
	json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);

	if (!line)
		return rm_error_set(error, -EINVAL,
		        "%s: %s, expected a JSON object", where, fault.text);
	json_array_append_new(loading->lines, line);
	int code = check_line(line, where, error);
	if (!code)
		code = check_origin(loading, line, where, error);
	if (!code)
		code = check_duplicate(loading, line, where, error);
	if (code)
		return code;
	int number = (int)rm_json_integer(line, "interval");
	/* A missing interval would be replayed as an interval without
	   counts. */
	if (number > loading->intervals)
		return rm_error_set(error, -EINVAL,
		        "%s: interval %d, expected at most %d: intervals are "
		        "consecutive",
		        where, number, loading->intervals);
	if (number == loading->intervals)
		loading->intervals++;
	return 0;
}

int rm_replay_load(const char *file, json_t **lines, struct rm_error *error)
{
	FILE *in = rm_file_open(file);
	char *text = NULL, where[300];
	size_t room = 0;
	unsigned number = 0;
	ssize_t length;
	int code = 0;

	if (!in)
		return rm_error_set(
		        error, -errno, "%s: %s", file, rm_file_reason(-errno));
	struct loading loading = { json_array(), json_object(), json_object(),
		0 };

	while (!code && (length = getline(&text, &room, in)) > 0) {
		snprintf(where, sizeof(where), "%s:%u", file, ++number);
		code = read_line(&loading, text, (size_t)length, where, error);
	}
	free(text);
	fclose(in);
	json_decref(loading.seen);
	json_decref(loading.origins);
	if (!code && !loading.intervals)
		code = rm_error_set(error, -EINVAL,
		        "%s:1: empty, expected a recording", file);
	if (code) {
		json_decref(loading.lines);
		return code;
	}
	*lines = loading.lines;
	return loading.intervals;
}

struct replay {
	json_t *lines;
	char *file;
	unsigned threads;
	unsigned next, shown; /* interval of the next stop() and of the last */
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

/* Opens the recording. The request contains the interval of the trial, which
   select.c assigns. A trial is a separate process and does not know its
   number. */
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

static bool is_in_interval(const struct replay *replay, const json_t *line)
{
	return rm_json_integer(line, "interval") == (json_int_t)replay->shown;
}

/* Makes the reading of a line. A line without a value gives a reading without a
   value. */
static struct rm_reading make_reading(const json_t *line)
{
	const json_t *value = json_object_get(line, "value");
	const char *reason = rm_json_text(line, "reason");
	struct rm_reading reading = { .quality = RM_QUALITY_REPLAYED };

	if (json_is_null(value))
		return rm_reading_invalid("recorded as %s: %s",
		        rm_json_text(line, "quality"),
		        reason[0] ? reason : "no value");
	reading.value = json_number_value(value);
	reading.enabled_ns = (uint64_t)rm_json_integer(line, "enabled_ns");
	reading.running_ns = (uint64_t)rm_json_integer(line, "running_ns");
	if (strcmp(rm_json_text(line, "quality"), "exact"))
		snprintf(reading.reason, sizeof(reading.reason),
		        "recorded as %s", rm_json_text(line, "quality"));
	return reading;
}

static bool same_event(const json_t *a, const json_t *b)
{
	return !strcmp(rm_json_text(a, "metric"), rm_json_text(b, "metric"));
}

/* Replays an event for all threads. Its lines start at lines[first]. */
static json_t *make_event(const struct replay *replay, size_t first)
{
	const json_t *head = json_array_get(replay->lines, first);
	struct rm_event_name name = { rm_json_text(head, "metric"),
		rm_json_text(head, "event"), rm_json_text(head, "code") };
	struct rm_reading *readings =
	        calloc(replay->threads, sizeof(*readings));
	bool times = false;
	size_t i;
	json_t *line;

	if (!readings)
		return NULL;
	for (unsigned k = 0; k < replay->threads; k++)
		readings[k] = rm_reading_invalid(
		        "thread %u is not in the recording", k);
	json_array_foreach (replay->lines, i, line) {
		json_int_t thread = rm_json_integer(line, "thread");

		if (is_in_interval(replay, line) && same_event(line, head) &&
		        thread < (json_int_t)replay->threads)
			readings[thread] = make_reading(line);
	}
	for (unsigned k = 0; k < replay->threads; k++)
		times = times || readings[k].enabled_ns;
	json_t *event =
	        rm_reading_event(&name, readings, replay->threads, times);
	free(readings);
	return event;
}

static bool is_repeated(const struct replay *replay, size_t before)
{
	const json_t *line = json_array_get(replay->lines, before);

	for (size_t i = 0; i < before; i++) {
		const json_t *other = json_array_get(replay->lines, i);

		if (is_in_interval(replay, other) && same_event(other, line))
			return true;
	}
	return false;
}

/* Adds the result. Reads cpu, backend and origin from the first line, since
   they are equal in all lines of an interval. */
static void result_replay(const void *state, json_t *result)
{
	const struct replay *replay = state;
	json_t *events = json_object_get(result, "events"), *line;
	bool has_origin = false;
	size_t i;

	if (!replay->counted) {
		json_object_set_new(result, "reason",
		        json_sprintf("%s contains no further interval",
		                replay->file));
		return;
	}
	json_array_foreach (replay->lines, i, line) {
		if (!is_in_interval(replay, line) || is_repeated(replay, i))
			continue;
		json_array_append_new(events, make_event(replay, i));
		if (has_origin)
			continue;
		has_origin = true;
		json_object_set_new(
		        result, "cpu", json_string(rm_json_text(line, "cpu")));
		json_object_set_new(result, "reason",
		        json_sprintf("replayed from %s, interval %u: counted "
		                     "by %s on %s (%s)",
		                replay->file, replay->shown,
		                rm_json_text(line, "backend"),
		                rm_json_text(line, "cpu"),
		                rm_json_text(line, "origin")));
	}
}

const struct rm_backend rm_backend_replay = {
	.name = "replay",
	.open = open_replay,
	.stop = stop_replay,
	.result = result_replay,
	.close = close_replay,
};
