/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/jsonl.h"
#include "runner/history/jsonl_fields.h"
#include "runner/history/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_header_words(
        const struct rm_jsonl_line *line, struct rm_history *history)
{
	static const char *const names[] = { "format", "version", "guarantee",
		"seed", "map", "stamps", "command", "initial", "keys", "values",
		NULL };
	const char *format =
	        json_string_value(json_object_get(line->object, "format"));
	const char *guarantee =
	        json_string_value(json_object_get(line->object, "guarantee"));
	uint64_t version = 0;

	if (!format || strcmp(format, "readmostly-history"))
		return rm_jsonl_mistake(line, "no header, expected \"format\": "
		                              "\"readmostly-history\"");
	if (rm_jsonl_member(line, "version", true, &version, NULL))
		return -EINVAL;
	if (version != RM_HISTORY_VERSION)
		return rm_jsonl_mistake(line, "version %llu, expected %d",
		        (unsigned long long)version, RM_HISTORY_VERSION);
	if (!guarantee ||
	        rm_history_guarantee_parse(guarantee, &history->guarantee))
		return rm_jsonl_mistake(line,
		        "guarantee: expected none, once-if-present or "
		        "point-in-time");
	if (rm_jsonl_only(line, names) ||
	        rm_jsonl_member(line, "seed", false, &history->seed, NULL) ||
	        rm_jsonl_text(
	                line, "map", history->map, sizeof(history->map)) ||
	        rm_jsonl_text(line, "stamps", history->stamps,
	                sizeof(history->stamps)) ||
	        rm_jsonl_text(line, "command", history->command,
	                sizeof(history->command)))
		return -EINVAL;
	return 0;
}

/* [[key, value], ...] */
static int read_pairs(const struct rm_jsonl_line *line, const char *name,
        struct rm_history_pair **pairs, size_t *count)
{
	const json_t *array = json_object_get(line->object, name);

	*pairs = NULL;
	*count = json_array_size(array);
	if (array && !json_is_array(array))
		return rm_jsonl_mistake(
		        line, "%s: expected [[key, value], ...]", name);
	*pairs = calloc(*count + 1, sizeof(**pairs));
	if (!*pairs)
		return -ENOMEM;
	for (size_t i = 0; i < *count; i++) {
		const json_t *pair = json_array_get(array, i);

		if (json_array_size(pair) != 2)
			return rm_jsonl_mistake(line,
			        "%s[%zu]: expected [key, value]", name, i);
		if (rm_jsonl_number(line, json_array_get(pair, 0), name,
		            &(*pairs)[i].key) ||
		        rm_jsonl_number(line, json_array_get(pair, 1), name,
		                &(*pairs)[i].value))
			return -EINVAL;
	}
	return 0;
}

static int read_initial(
        const struct rm_jsonl_line *line, struct rm_history *history)
{
	struct rm_history_pair *pairs;
	size_t count;
	int failed = read_pairs(line, "initial", &pairs, &count);

	for (size_t i = 0; pairs && i < count && !failed; i++)
		failed = rm_history_add_initial(
		        history, pairs[i].key, pairs[i].value);
	free(pairs);
	return failed;
}

/* {"7": "name", ...} */
static int read_names(const struct rm_jsonl_line *line, const char *name,
        int (*add)(struct rm_history *, uint64_t, const char *),
        struct rm_history *history)
{
	json_t *names = json_object_get(line->object, name), *text;
	const char *number;

	if (names && !json_is_object(names))
		return rm_jsonl_mistake(
		        line, "%s: expected {\"number\": \"name\"}", name);
	json_object_foreach (names, number, text) {
		json_t *digits = json_string(number);
		uint64_t value = 0;
		int failed = !json_is_string(text) ||
		             rm_jsonl_number(line, digits, name, &value);

		json_decref(digits);
		if (failed)
			return rm_jsonl_mistake(line,
			        "%s: expected {\"number\": \"name\"}", name);
		if (add(history, value, json_string_value(text)))
			return -ENOMEM;
	}
	return 0;
}

static int read_header(
        const struct rm_jsonl_line *line, struct rm_history *history)
{
	int failed = read_header_words(line, history);

	if (!failed)
		failed = read_initial(line, history);
	if (!failed)
		failed = read_names(line, "keys", rm_history_name_key, history);
	if (!failed)
		failed = read_names(
		        line, "values", rm_history_name_value, history);
	return failed;
}

/* Which members an operation must have. */
static bool has_value(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_UPSERT || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_INSERT_IF_ABSENT ||
	       kind == RM_HISTORY_COMPARE_SWAP || kind == RM_HISTORY_APPEND;
}

static bool has_expected(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_COMPARE_SWAP ||
	       kind == RM_HISTORY_COMPARE_REMOVE || kind == RM_HISTORY_APPEND;
}

/* true, false; null and nothing: not known. */
static int read_there(
        const struct rm_jsonl_line *line, struct rm_history_event *event)
{
	const json_t *there = json_object_get(line->object, "there");

	if (there && !json_is_boolean(there) && !json_is_null(there))
		return rm_jsonl_mistake(
		        line, "there: expected true, false or null");
	event->there = json_is_true(there);
	if (!json_is_boolean(there) && !rm_history_is_whole(event->kind))
		event->unknown |= RM_HISTORY_UNKNOWN_THERE;
	return 0;
}

static int read_answer(
        const struct rm_jsonl_line *line, struct rm_history_event *event)
{
	bool known = false;

	if (rm_jsonl_member(line, "returned", true, &event->returned, &known))
		return -EINVAL;
	if (!known)
		event->returned = RM_HISTORY_NEVER;
	if (rm_jsonl_member(line, "result", false, &event->result, &known) ||
	        read_there(line, event))
		return -EINVAL;
	bool shows =
	        event->kind == RM_HISTORY_LENGTH ||
	        (event->there &&
	                (event->kind == RM_HISTORY_LOOKUP ||
	                        event->kind == RM_HISTORY_EXCHANGE ||
	                        event->kind == RM_HISTORY_TAKE ||
	                        event->kind == RM_HISTORY_INSERT_IF_ABSENT));
	if (shows && !known)
		event->unknown |= RM_HISTORY_UNKNOWN_RESULT;
	return 0;
}

static int read_event_words(
        const struct rm_jsonl_line *line, struct rm_history_event *event)
{
	static const char *const names[] = { "thread", "op", "key", "value",
		"expected", "invoked", "returned", "there", "result", "pairs",
		NULL };
	const char *op = json_string_value(json_object_get(line->object, "op"));
	enum rm_history_kind kind =
	        op ? rm_history_kind_parse(op) : RM_HISTORY_KINDS;
	uint64_t thread = 0;

	if (kind == RM_HISTORY_KINDS)
		return rm_jsonl_mistake(line,
		        "op: expected lookup, upsert, exchange, remove, take, "
		        "insert_if_absent, compare_swap, compare_remove, "
		        "length, scan or clear");
	event->kind = (uint8_t)kind;
	if (rm_jsonl_only(line, names) ||
	        rm_jsonl_member(line, "thread", true, &thread, NULL) ||
	        rm_jsonl_member(line, "key", !rm_history_is_whole(kind),
	                &event->key, NULL) ||
	        rm_jsonl_member(
	                line, "value", has_value(kind), &event->value, NULL) ||
	        rm_jsonl_member(line, "expected", has_expected(kind),
	                &event->expected, NULL) ||
	        rm_jsonl_member(line, "invoked", true, &event->invoked, NULL))
		return -EINVAL;
	if (thread > UINT32_MAX)
		return rm_jsonl_mistake(line, "thread: expected below 2^32");
	event->thread = (uint32_t)thread;
	return read_answer(line, event);
}

static int read_event(
        const struct rm_jsonl_line *line, struct rm_history *history)
{
	struct rm_history_event event = { .kind = 0 };
	struct rm_history_pair *pairs = NULL;
	int failed = read_event_words(line, &event);

	if (!failed && event.kind == RM_HISTORY_SCAN &&
	        event.returned != RM_HISTORY_NEVER &&
	        !json_object_get(line->object, "pairs"))
		failed = rm_jsonl_mistake(
		        line, "no \"pairs\", expected [[key, value], ...]");
	if (!failed && event.returned < event.invoked)
		failed = rm_jsonl_mistake(
		        line, "returned: expected not before invoked");
	if (!failed)
		failed = read_pairs(line, "pairs", &pairs, &event.pairs);
	if (!failed)
		failed = rm_history_add(history, &event, pairs);
	free(pairs);
	return failed;
}

int rm_jsonl_read(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct rm_jsonl_line line = { .file = file, .error = error };
	int failed = 0;

	for (size_t at = 0; at < length && !failed;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t bytes = end ? (size_t)(end - text) - at : length - at;
		json_error_t json_error;

		line.number++;
		line.object = json_loadb(
		        text + at, bytes, JSON_REJECT_DUPLICATES, &json_error);
		at += bytes + 1;
		if (!line.object)
			failed = rm_jsonl_mistake(&line,
			        "%.120s, expected one JSON object on each "
			        "line",
			        json_error.text);
		else if (!json_is_object(line.object))
			failed = rm_jsonl_mistake(
			        &line, "expected one JSON object on each line");
		else
			failed = line.number == 1 ? read_header(&line, history)
			                          : read_event(&line, history);
		json_decref(line.object);
	}
	line.number += !line.number;
	if (!failed && !length)
		failed = rm_jsonl_mistake(&line, "empty, expected a header");
	return failed;
}
