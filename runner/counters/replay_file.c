/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/reading.h"
#include "runner/counters/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool counted_here(const char *backend)
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
	const char *backend = text_of(result, "backend");
	size_t i;
	json_t *event;
	int code = 0;

	if (!counted_here(backend))
		return rm_error_set(error, -EINVAL,
		        "recording: a result of back end \"%s\", expected one "
		        "that was counted here",
		        backend);
	if (getenv("RM_SYSFS") || getenv("LD_PRELOAD"))
		fake = 1;
	json_t *head = json_pack("{s:i, s:s, s:s, s:s, s:i}", "format", 1,
	        "origin", fake ? "fake" : "hardware", "backend", backend, "cpu",
	        text_of(result, "cpu"), "interval", (int)interval);
	json_array_foreach (json_object_get(result, "events"), i, event) {
		if (!code)
			code = record_event(out, event, head, error);
	}
	json_decref(head);
	return code;
}

/* Is it a line of a recording? The value may be null, but must be there. */
static int check(const json_t *line, const char *where, struct rm_error *error)
{
	static const char *const texts[] = { "cpu", "metric", "event", "code",
		"quality" };
	const json_t *value = json_object_get(line, "value");
	enum rm_quality quality;

	if (!counted_here(text_of(line, "backend")))
		return rm_error_set(error, -EINVAL,
		        "%s: backend \"%s\", expected perf or likwid: the one "
		        "that counted",
		        where, text_of(line, "backend"));
	if (strcmp(text_of(line, "origin"), "hardware") &&
	        strcmp(text_of(line, "origin"), "fake"))
		return rm_error_set(error, -EINVAL,
		        "%s: origin \"%s\", expected hardware or fake", where,
		        text_of(line, "origin"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!text_of(line, texts[i])[0])
			return rm_error_set(error, -EINVAL,
			        "%s: no %s, expected a text", where, texts[i]);
	if (rm_quality_parse(text_of(line, "quality"), &quality))
		return rm_error_set(error, -EINVAL, "%s: quality \"%s\"", where,
		        text_of(line, "quality"));
	json_int_t interval =
	        json_integer_value(json_object_get(line, "interval"));
	json_int_t thread = json_integer_value(json_object_get(line, "thread"));
	if (!json_is_integer(json_object_get(line, "interval")) ||
	        !json_is_integer(json_object_get(line, "thread")) ||
	        interval < 0 || thread < 0 || interval > 1000000 ||
	        thread > 4096)
		return rm_error_set(error, -EINVAL,
		        "%s: no interval or thread, expected numbers from 0",
		        where);
	if (!json_is_number(value) && !json_is_null(value))
		return rm_error_set(error, -EINVAL,
		        "%s: no value, expected a number or null", where);
	return 0;
}

static int take_line(const char *text, const char *where, json_t *lines,
        int *intervals, struct rm_error *error)
{
	json_error_t wrong;
	json_t *line = json_loads(text, 0, &wrong);

	if (!line)
		return rm_error_set(error, -EINVAL,
		        "%s: %s, expected a JSON object", where, wrong.text);
	json_array_append_new(lines, line);
	int code = check(line, where, error);
	if (code)
		return code;
	int number =
	        (int)json_integer_value(json_object_get(line, "interval")) + 1;
	if (number > *intervals)
		*intervals = number;
	return 0;
}

int rm_replay_load(const char *file, json_t **lines, struct rm_error *error)
{
	FILE *in = fopen(file, "re");
	char *text = NULL, where[300];
	size_t room = 0;
	unsigned number = 0;
	int code = 0, intervals = 0;

	if (!in)
		return rm_error_set(
		        error, -errno, "%s: %s", file, strerror(errno));
	json_t *all = json_array();
	while (!code && getline(&text, &room, in) > 0) {
		snprintf(where, sizeof(where), "%s:%u", file, ++number);
		code = take_line(text, where, all, &intervals, error);
	}
	free(text);
	fclose(in);
	if (!code && !intervals)
		code = rm_error_set(error, -EINVAL,
		        "%s:1: no line, expected a recording", file);
	if (code) {
		json_decref(all);
		return code;
	}
	*lines = all;
	return intervals;
}
