/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl_read.c - reads histories as JSON lines
 * (docs/reference/history-format.md).
 *
 * An unknown member, a missing one, or a number out of range is an error that
 * names the line, because a misread history would silently be judged wrongly.
 */
#include "verify/history/internal.h"

#include "runner/base/checksum.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct line {
	struct rm_text_place place;
	json_t *object;
};

/* Functions that read a line return 0, or -EINVAL with "file:line: found,
   expected X". */

/* Reads "18446744073709551615": only digits, without leading zeros. */
static bool read_digits(const char *text, uint64_t *value)
{
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text) ||
	        (text[0] == '0' && text[1]))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0;
}

/* Reads an integer in 0 .. 2^64 - 1; 2^63 or more is a decimal string. */
static int read_number(const struct line *line, const json_t *json,
        const char *what, uint64_t *value)
{
	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*value = (uint64_t)json_integer_value(json);
		return 0;
	}
	if (json_is_string(json) && read_digits(json_string_value(json), value))
		return 0;
	return rm_text_error(&line->place,
	        "%s: expected a whole number from 0 to 2^64 - 1 (as a string "
	        "if 2^63 or more)",
	        what);
}

/* Reads a number member, which must be present if `needed`. *known becomes true
   if it is present and not null; null is valid only if `known` is not NULL. If
   the member is missing, *value is unchanged. */
static int read_member(const struct line *line, const char *name, bool needed,
        uint64_t *value, bool *known)
{
	const json_t *json = json_object_get(line->object, name);

	if (known)
		*known = json && !json_is_null(json);
	if (!json)
		return needed ? rm_text_error(&line->place,
		                        "no \"%s\", expected a number", name)
		              : 0;
	if (known && !*known)
		return 0;
	return read_number(line, json, name, value);
}

/* Reads an optional text of less than `size` bytes without control
   characters. */
static int read_text(
        const struct line *line, const char *name, char *text, size_t size)
{
	const json_t *json = json_object_get(line->object, name);
	const char *from = json_string_value(json);

	if (!json)
		return 0;
	if (!from || strlen(from) >= size)
		return rm_text_error(&line->place,
		        "%s: expected a text of less than %zu bytes", name,
		        size);
	for (const char *c = from; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return rm_text_error(&line->place,
			        "%s: control character 0x%02x, expected plain "
			        "text",
			        name, (unsigned char)*c);
	memcpy(text, from, strlen(from) + 1);
	return 0;
}

/* Rejects members not in `names` (NULL at the end): a misspelt one would be
   ignored. */
static int check_members(const struct line *line, const char *const *names)
{
	const char *member;
	json_t *value;

	json_object_foreach (line->object, member, value) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], member))
			i++;
		if (!names[i])
			return rm_text_error(&line->place,
			        "unknown member \"%.40s\", expected one of "
			        "docs/reference/history-format.md",
			        member);
	}
	return 0;
}

/* The header is read first: the meaning of the other lines depends on its
   version and guarantee. */
static int read_header_words(
        const struct line *line, struct rm_history *history)
{
	static const char *const names[] = { "format", "version", "guarantee",
		"seed", "map", "stamps", "command", "initial", "keys", "values",
		"crc32", NULL };
	const char *format =
	        json_string_value(json_object_get(line->object, "format"));
	const char *guarantee =
	        json_string_value(json_object_get(line->object, "guarantee"));
	uint64_t version = 0;

	if (!format || strcmp(format, "readmostly-history"))
		return rm_text_error(&line->place,
		        "no header, expected \"format\": "
		        "\"readmostly-history\"");
	if (!json_object_get(line->object, "version"))
		return rm_text_error(&line->place,
		        "no \"version\", expected %d", RM_HISTORY_VERSION);
	if (read_member(line, "version", true, &version, NULL))
		return -EINVAL;
	if (version != RM_HISTORY_VERSION)
		return rm_text_error(&line->place, "version %llu, expected %d",
		        (unsigned long long)version, RM_HISTORY_VERSION);
	if (!guarantee ||
	        rm_history_guarantee_parse(guarantee, &history->guarantee))
		return rm_text_error(&line->place,
		        "guarantee: expected none, once-if-present or "
		        "point-in-time");
	if (check_members(line, names) ||
	        read_member(line, "seed", false, &history->seed, NULL) ||
	        read_text(line, "map", history->map, sizeof(history->map)) ||
	        read_text(line, "stamps", history->stamps,
	                sizeof(history->stamps)) ||
	        read_text(line, "command", history->command,
	                sizeof(history->command)))
		return -EINVAL;
	return 0;
}

/* Reads [[key, value], ...]. */
static int read_pairs(const struct line *line, const char *name,
        struct rm_history_pair **pairs, size_t *count)
{
	const json_t *array = json_object_get(line->object, name);

	*pairs = NULL;
	*count = json_array_size(array);
	if (array && !json_is_array(array))
		return rm_text_error(
		        &line->place, "%s: expected [[key, value], ...]", name);
	*pairs = calloc(*count + 1, sizeof(**pairs));
	if (!*pairs)
		return -ENOMEM;
	for (size_t i = 0; i < *count; i++) {
		const json_t *pair = json_array_get(array, i);

		if (json_array_size(pair) != 2)
			return rm_text_error(&line->place,
			        "%s[%zu]: expected [key, value]", name, i);
		if (read_number(line, json_array_get(pair, 0), name,
		            &(*pairs)[i].key) ||
		        read_number(line, json_array_get(pair, 1), name,
		                &(*pairs)[i].value))
			return -EINVAL;
	}
	return 0;
}

static int read_initial(const struct line *line, struct rm_history *history)
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

/* Reads {"7": "name", ...}. */
static int read_names(const struct line *line, const char *name,
        int (*add)(struct rm_history *, uint64_t, const char *),
        struct rm_history *history)
{
	json_t *names = json_object_get(line->object, name), *text;
	const char *number;

	if (names && !json_is_object(names))
		return rm_text_error(&line->place,
		        "%s: expected {\"number\": \"name\"}", name);
	json_object_foreach (names, number, text) {
		json_t *digits = json_string(number);
		uint64_t value = 0;
		int failed = !json_is_string(text) ||
		             read_number(line, digits, name, &value);

		json_decref(digits);
		if (failed)
			return rm_text_error(&line->place,
			        "%s: expected {\"number\": \"name\"}", name);
		if (add(history, value, json_string_value(text)))
			return -ENOMEM;
	}
	return 0;
}

static int read_header(const struct line *line, struct rm_history *history)
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

/* Reads true or false; null or a missing member means unknown. */
static int read_there(const struct line *line, struct rm_history_event *event)
{
	const json_t *there = json_object_get(line->object, "there");

	if (there && !json_is_boolean(there) && !json_is_null(there))
		return rm_text_error(
		        &line->place, "there: expected true, false or null");
	event->there = json_is_true(there);
	if (!json_is_boolean(there) && !rm_history_is_whole_map(event->kind))
		event->unknown |= RM_HISTORY_UNKNOWN_THERE;
	return 0;
}

/* If the operation returns a result and the line has none, the result is
   unknown, not 0. Recorders of other projects do not see all results, and an
   invented result would make a correct history look wrong. */
static int read_answer(const struct line *line, struct rm_history_event *event)
{
	bool known = false;

	if (read_member(line, "returned", true, &event->returned, &known))
		return -EINVAL;
	if (!known)
		event->returned = RM_HISTORY_NEVER;
	if (read_member(line, "result", false, &event->result, &known) ||
	        read_there(line, event))
		return -EINVAL;
	if (known && rm_history_returns_value(event->kind) && !event->there &&
	        !(event->unknown & RM_HISTORY_UNKNOWN_THERE))
		return rm_text_error(&line->place,
		        "\"there\" is false with a \"result\", expected no "
		        "result for an absent key");
	/* without it, the value that the operation saw would not be checked */
	if (known && rm_history_returns_value(event->kind) &&
	        event->unknown & RM_HISTORY_UNKNOWN_THERE)
		return rm_text_error(&line->place,
		        "no \"there\" with a \"result\", expected true");
	bool shows = event->kind == RM_HISTORY_LENGTH ||
	             (event->there && rm_history_returns_value(event->kind));
	if (shows && !known)
		event->unknown |= RM_HISTORY_UNKNOWN_RESULT;
	return 0;
}

/* The required members depend on the kind of the operation. Other members are
   ignored, so that recorders can use one format for all lines. */
static int read_event_words(
        const struct line *line, struct rm_history_event *event)
{
	static const char *const names[] = { "thread", "op", "key", "value",
		"expected", "invoked", "returned", "there", "result", "pairs",
		NULL };
	const char *op = json_string_value(json_object_get(line->object, "op"));
	enum rm_history_kind kind =
	        op ? rm_history_kind_parse(op) : RM_HISTORY_KINDS;
	uint64_t thread = 0;

	if (kind == RM_HISTORY_KINDS)
		return rm_text_error(&line->place,
		        "op: expected lookup, upsert, exchange, remove, take, "
		        "insert_if_absent, compare_swap, compare_remove, "
		        "length, scan or clear");
	event->kind = (uint8_t)kind;
	if (check_members(line, names) ||
	        read_member(line, "thread", true, &thread, NULL) ||
	        read_member(line, "key", !rm_history_is_whole_map(kind),
	                &event->key, NULL) ||
	        read_member(line, "value",
	                rm_kind_writes(kind) || kind == RM_HISTORY_APPEND,
	                &event->value, NULL) ||
	        read_member(line, "expected",
	                rm_kind_compares(kind) || kind == RM_HISTORY_APPEND,
	                &event->expected, NULL) ||
	        read_member(line, "invoked", true, &event->invoked, NULL))
		return -EINVAL;
	if (thread > UINT32_MAX)
		return rm_text_error(
		        &line->place, "thread: expected a number below 2^32");
	event->thread = (uint32_t)thread;
	return read_answer(line, event);
}

/* A scan that never returned needs no "pairs". A scan that returned needs them:
   [] means that the map was empty, and a missing member would be ambiguous. */
static int read_event(const struct line *line, struct rm_history *history)
{
	struct rm_history_event event = { .kind = 0 };
	struct rm_history_pair *pairs = NULL;
	int failed = read_event_words(line, &event);

	if (!failed && event.kind == RM_HISTORY_SCAN &&
	        event.returned != RM_HISTORY_NEVER &&
	        !json_object_get(line->object, "pairs"))
		failed = rm_text_error(&line->place,
		        "no \"pairs\", expected [[key, value], ...]");
	if (!failed && event.returned < event.invoked)
		failed = rm_text_error(&line->place,
		        "returned: expected a time not before invoked");
	if (!failed)
		failed = read_pairs(line, "pairs", &pairs, &event.pairs);
	if (!failed)
		failed = rm_history_add(history, &event, pairs);
	free(pairs);
	return failed;
}

/* Reads one line. A zero byte would end the C string and hide the rest of the
   line. */
static int read_line(struct line *line, const char *text, size_t bytes,
        struct rm_history *history)
{
	const char *zero = memchr(text, 0, bytes);
	json_error_t error;
	int failed;

	if (zero)
		return rm_text_error(&line->place,
		        "zero byte at column %zu, expected plain text",
		        (size_t)(zero - text) + 1);
	line->object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
	if (!line->object)
		return rm_text_error(&line->place,
		        "%.120s, expected one JSON object on each line",
		        error.text);
	if (!json_is_object(line->object))
		failed = rm_text_error(
		        &line->place, "expected one JSON object on each line");
	else
		failed = line->place.line == 1 ? read_header(line, history)
		                               : read_event(line, history);
	json_decref(line->object);
	return failed;
}

int rm_jsonl_read(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct line line = { .place = { file, 0, error } };
	int failed = 0;

	if (rm_line_check(text, length) == RM_SEAL_BROKEN) {
		line.place.line = 1;
		return rm_text_error(&line.place,
		        "damaged: the crc32 is not that of the file; copy or "
		        "record it again, or remove \"crc32\"");
	}
	for (size_t at = 0; at < length && !failed;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t bytes = end ? (size_t)(end - text) - at : length - at;

		line.place.line++;
		failed = read_line(&line, text + at, bytes, history);
		at += bytes + 1;
	}
	line.place.line += !line.place.line;
	if (!failed && !length)
		failed = rm_text_error(&line.place, "empty, expected a header");
	return failed;
}
