/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl_write.c - writes histories as JSON lines
 * (docs/reference/history-format.md).
 */
#include "verify/history/internal.h"

#include "runner/base/checksum.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

/* JSON readers differ for numbers from 2^63 on, so these are written as
 * strings. */
static json_t *number(uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return json_string(text);
}

static json_t *pairs_of(const struct rm_history_pair *pairs, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *pair = json_array();

		json_array_append_new(pair, number(pairs[i].key));
		json_array_append_new(pair, number(pairs[i].value));
		json_array_append_new(array, pair);
	}
	return array;
}

static json_t *names_of(const struct rm_history_name *names, size_t count)
{
	json_t *object = json_object();
	char text[24];

	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%llu",
		        (unsigned long long)names[i].number);
		json_object_set_new(object, text, json_string(names[i].text));
	}
	return object;
}

/* Writes one line and frees the object. Returns 0, -EIO or -ENOMEM. */
static int write_line(FILE *out, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int failed = text ? 0 : -ENOMEM;

	if (text && (fputs(text, out) == EOF || fputc('\n', out) == EOF))
		failed = -EIO;
	free(text);
	json_decref(object);
	return failed;
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text[0])
		json_object_set_new(object, name, json_string(text));
}

/* Members without contents (an empty text, no names) are left out, so that a
   typical header is one short line. */
static int write_header(FILE *out, const struct rm_history *history)
{
	json_t *header = json_pack("{s:s, s:i, s:s}", "format",
	        "readmostly-history", "version", RM_HISTORY_VERSION,
	        "guarantee", rm_history_guarantee_name(history->guarantee));

	json_object_set_new(header, "seed", number(history->seed));
	set_text(header, "map", history->map);
	set_text(header, "stamps", history->stamps);
	set_text(header, "command", history->command);
	if (history->initial_count)
		json_object_set_new(header, "initial",
		        pairs_of(history->initial, history->initial_count));
	if (history->key_count)
		json_object_set_new(header, "keys",
		        names_of(history->keys, history->key_count));
	if (history->value_count)
		json_object_set_new(header, "values",
		        names_of(history->values, history->value_count));
	return write_line(out, header);
}

static json_t *call_of(const struct rm_history_event *event)
{
	json_t *line =
	        json_pack("{s:I, s:s}", "thread", (json_int_t)event->thread,
	                "op", rm_history_kind_name(event->kind));

	if (!rm_history_is_whole_map(event->kind))
		json_object_set_new(line, "key", number(event->key));
	if (rm_kind_writes(event->kind) || event->kind == RM_HISTORY_APPEND)
		json_object_set_new(line, "value", number(event->value));
	if (rm_kind_compares(event->kind) || event->kind == RM_HISTORY_APPEND)
		json_object_set_new(line, "expected", number(event->expected));
	json_object_set_new(line, "invoked", number(event->invoked));
	return line;
}

static void add_result(json_t *line, const struct rm_history *history,
        const struct rm_history_event *event)
{
	bool never = event->returned == RM_HISTORY_NEVER;
	bool known = !(event->unknown & RM_HISTORY_UNKNOWN_THERE);
	bool shows =
	        rm_history_returns_value(event->kind) && event->there && known;

	json_object_set_new(line, "returned",
	        never ? json_null() : number(event->returned));
	if (never)
		return;
	if (event->kind == RM_HISTORY_SCAN)
		json_object_set_new(line, "pairs",
		        pairs_of(history->pairs + event->first_pair,
		                event->pairs));
	if (!rm_history_is_whole_map(event->kind))
		json_object_set_new(line, "there",
		        known ? json_boolean(event->there) : json_null());
	if (event->kind == RM_HISTORY_LENGTH)
		shows = !event->unknown;
	if (shows && !(event->unknown & RM_HISTORY_UNKNOWN_RESULT))
		json_object_set_new(line, "result", number(event->result));
}

static int write_lines(FILE *out, const void *what)
{
	const struct rm_history *history = what;
	struct rm_stamped *order =
	        malloc((history->count + 1) * sizeof(*order));
	int failed = order ? write_header(out, history) : -ENOMEM;

	for (size_t i = 0; order && i < history->count; i++)
		order[i] = (struct rm_stamped){ history->events[i].invoked, i };
	if (order)
		qsort(order, history->count, sizeof(*order),
		        rm_stamped_compare);
	for (size_t i = 0; i < history->count && !failed; i++) {
		const struct rm_history_event *event =
		        history->events + order[i].place;
		json_t *line = call_of(event);

		add_result(line, history, event);
		failed = write_line(out, line);
	}
	free(order);
	return failed;
}

int rm_history_write(FILE *out, const struct rm_history *history)
{
	return rm_text_seal(out, write_lines, history);
}
