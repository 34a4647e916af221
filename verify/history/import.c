/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - imports histories of other projects: pairs each invocation with
 * its completion. Jepsen's histories and Porcupine's key-value logs are one EDN
 * map per operation, alone or in one vector. Porcupine's logs of etcd have
 * lines `INFO  jepsen.util - 3 :ok :read 4` of one register, among other lines.
 */
#include "verify/history/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An operation that was invoked and has not completed. */
struct rm_import_open {
	const char *f; /* the word of line.f, static */
	uint64_t process;
	uint32_t thread; /* changed after an operation of unknown outcome */
	unsigned line;
	bool open;
	struct rm_history_event event;
};

/* A member is NULL if it is missing. Without a key, `value` is the value, or
   Jepsen's tuple [key value] (split_value()). */
struct line {
	const struct rm_edn *process, *type, *f, *key, *value;
};

enum end { INVOKE, OK, FAIL, INFO, NO_END };

static enum end end_of(const struct rm_edn *type)
{
	static const char *const words[] = { "invoke", "ok", "fail", "info" };
	unsigned end = 0;

	while (end < NO_END && !rm_edn_is_keyword(type, words[end]))
		end++;
	return (enum end)end;
}

/* Operations for the words of :f. */
static const struct function {
	const char *f;
	enum rm_history_kind kind;
} functions[] = {
	{ "read", RM_HISTORY_LOOKUP },
	{ "get", RM_HISTORY_LOOKUP },
	{ "write", RM_HISTORY_UPSERT },
	{ "put", RM_HISTORY_UPSERT },
	{ "cas", RM_HISTORY_COMPARE_SWAP },
	{ "append", RM_HISTORY_APPEND },
};

static const struct function *function_of(const struct rm_edn *f)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (rm_edn_is_keyword(f, functions[i].f))
			return functions + i;
	return NULL;
}

/* Returns the entry of a process; creates it if needed. Returns NULL if memory
 * is exhausted. */
static struct rm_import_open *process_of(
        struct rm_import *import, uint64_t process)
{
	for (size_t i = 0; i < import->open_count; i++)
		if (import->open[i].process == process)
			return import->open + i;
	if (rm_array_grow(&import->open, import->open_count, &import->open_room,
	            1, sizeof(*import->open)))
		return NULL;
	import->open[import->open_count] =
	        (struct rm_import_open){ .process = process,
		        .thread = import->threads++ };
	return import->open + import->open_count++;
}

/*
 * Extracts the key and the value of a line. With independent keys, Jepsen's
 * values are tuples [key value]. For cas, the value itself is [old new].
 */
static int split_value(struct rm_import *import, const struct line *line,
        enum rm_history_kind kind, const struct rm_edn **value, uint64_t *key)
{
	const struct rm_edn *key_edn = line->key;
	const struct rm_edn *whole = line->value;
	bool tuple = whole && whole->kind == RM_EDN_LIST && whole->count == 2;

	*key = 0;
	*value = whole;
	if (!key_edn && tuple &&
	        (kind != RM_HISTORY_COMPARE_SWAP ||
	                whole->items[1].kind == RM_EDN_LIST)) {
		key_edn = whole->items;
		*value = whole->items + 1;
	}
	return key_edn ? rm_import_key(import, key_edn, key) : 0;
}

static int read_arguments(struct rm_import *import, const struct rm_edn *value,
        struct rm_history_event *event)
{
	if (event->kind == RM_HISTORY_LOOKUP)
		return 0;
	if (event->kind == RM_HISTORY_COMPARE_SWAP) {
		if (!value || value->kind != RM_EDN_LIST || value->count != 2)
			return rm_text_error(&import->place,
			        ":value of :cas, expected [old new]");
		int failed =
		        rm_import_value(import, value->items, &event->expected);

		return failed ? failed
		              : rm_import_value(import, value->items + 1,
		                        &event->value);
	}
	if (!value)
		return rm_text_error(
		        &import->place, "no :value, expected what is written");
	if (event->kind == RM_HISTORY_APPEND) {
		if (!import->texts || value->kind != RM_EDN_STRING)
			return rm_text_error(&import->place,
			        ":append, expected a text for a :key");
		event->expected = rm_import_factor(value->text);
	}
	return rm_import_value(import, value, &event->value);
}

/* Begins an operation. It may take effect from now on, and is pending until its
   process ends it, which may never happen. */
static int begin(struct rm_import *import, const struct line *line,
        struct rm_import_open *place, const struct function *function)
{
	const struct rm_edn *value;
	int failed;

	if (place->open)
		return rm_text_error(&import->place,
		        "process %llu invokes while its operation of line %u "
		        "runs, expected the end of that operation first",
		        (unsigned long long)place->process, place->line);
	place->f = function->f;
	place->line = import->place.line;
	place->event = (struct rm_history_event){ .invoked = import->now,
		.returned = RM_HISTORY_NEVER,
		.thread = place->thread,
		.kind = (uint8_t)function->kind };
	failed = split_value(
	        import, line, function->kind, &value, &place->event.key);
	if (!failed)
		failed = read_arguments(import, value, &place->event);
	place->open = !failed;
	return failed;
}

static int read_answer(struct rm_import *import, const struct line *line,
        struct rm_history_event *event)
{
	const struct rm_edn *value;
	uint64_t key;
	int failed = split_value(import, line, event->kind, &value, &key);

	if (failed)
		return failed;
	if (key != event->key)
		return rm_text_error(&import->place,
		        "another key than at its invocation, expected the "
		        "same key");
	event->there = true;
	if (event->kind == RM_HISTORY_UPSERT ||
	        event->kind == RM_HISTORY_APPEND)
		event->unknown = RM_HISTORY_UNKNOWN_THERE;
	if (event->kind != RM_HISTORY_LOOKUP)
		return 0;
	event->there = value && value->kind != RM_EDN_NIL;
	return event->there ? rm_import_value(import, value, &event->result)
	                    : 0;
}

static int finish(struct rm_import *import, const struct line *line,
        struct rm_import_open *place, enum end end)
{
	struct rm_history_event *event = &place->event;
	int failed;

	if (!place->open || !rm_edn_is_keyword(line->f, place->f))
		return rm_text_error(&import->place,
		        "process %llu ends an operation that it did not "
		        "invoke, expected the :f that it invoked",
		        (unsigned long long)place->process);
	place->open = false;
	if (end == INFO) {
		/* outcome unknown: the process continues as a new thread */
		place->thread = import->threads++;
		return rm_history_add(import->history, event, NULL);
	}
	event->returned = import->now;
	if (end == FAIL && (event->kind != RM_HISTORY_COMPARE_SWAP ||
	                           !import->fail_answers))
		return 0; /* the operation certainly had no effect */
	if (end == FAIL)
		return rm_history_add(import->history, event, NULL);
	failed = read_answer(import, line, event);
	return failed ? failed : rm_history_add(import->history, event, NULL);
}

/* Processes one line: an operation begins or ends. 0, -EINVAL with the error,
   or -ENOMEM. */
static int read_line(struct rm_import *import, const struct line *line)
{
	const struct function *function = function_of(line->f);
	enum end end = end_of(line->type);
	struct rm_import_open *place;
	uint64_t process;

	import->now++;
	if (line->process && line->process->kind == RM_EDN_KEYWORD)
		return 0; /* a line of the process :nemesis */
	if (!line->process || line->process->kind != RM_EDN_INTEGER)
		return rm_text_error(&import->place,
		        "no :process, expected a number or :nemesis");
	if (end == NO_END)
		return rm_text_error(&import->place,
		        "no :type, expected :invoke, :ok, :fail or :info");
	if (!function)
		return rm_text_error(&import->place,
		        "unknown or missing :f, expected :read, :write, :cas, "
		        ":get, :put or :append");
	process = strtoull(line->process->text, NULL, 10);
	place = process_of(import, process);
	if (!place)
		return -ENOMEM;
	return end == INVOKE ? begin(import, line, place, function)
	                     : finish(import, line, place, end);
}

/* Adds the operations that never ended, and frees the importer, even if
   `failed` is set. Returns `failed`, or -ENOMEM. */
static int end_import(struct rm_import *import, int failed)
{
	for (size_t i = 0; i < import->open_count && !failed; i++)
		if (import->open[i].open)
			failed = rm_history_add(
			        import->history, &import->open[i].event, NULL);
	import->place.line = 1;
	if (!failed && !import->now)
		failed = rm_text_error(
		        &import->place, "no operation, expected at least one");
	free(import->open);
	free(import->keys.numbers);
	free(import->values.numbers);
	return failed;
}

static int read_map(struct rm_import *import, const struct rm_edn *map)
{
	struct line line = { rm_edn_get(map, "process"),
		rm_edn_get(map, "type"), rm_edn_get(map, "f"),
		rm_edn_get(map, "key"), rm_edn_get(map, "value") };

	import->place.line = map->line;
	if (map->kind != RM_EDN_MAP)
		return rm_text_error(&import->place,
		        "expected a map {:process .., :type .., :f ..}");
	/* Porcupine's logs have a :key, and their values start as empty
	 * texts */
	if (line.key && !import->texts && import->history->count == 0 &&
	        import->open_count == 0)
		import->texts = true;
	if (!line.key == import->texts)
		return rm_text_error(&import->place,
		        import->texts ? "no :key, expected one as before"
		                      : "a :key, expected no :key, as before");
	return read_line(import, &line);
}

int rm_import_edn(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct rm_import import = { .place = { file, 1, error },
		.history = history };
	struct rm_edn_reader reader = { import.place, text, text + length };
	struct rm_edn value;
	int failed = 0, got = 0;

	strcpy(history->stamps, "index");
	while (!failed && (got = rm_edn_read(&reader, &value)) == 1) {
		if (value.kind == RM_EDN_LIST)
			for (size_t i = 0; i < value.count && !failed; i++)
				failed = read_map(&import, value.items + i);
		else
			failed = read_map(&import, &value);
		rm_edn_clear(&value);
	}
	return end_import(&import, failed ? failed : got);
}

static const char mark[] = "jepsen.util - ";

/* Reads one line; returns 0 if the line has no operation. */
static int read_log_line(
        struct rm_import *import, const char *text, const char *end)
{
	const char *from =
	        memmem(text, (size_t)(end - text), mark, sizeof(mark) - 1);
	struct rm_edn part[4] = { { .line = 0 }, { .line = 0 }, { .line = 0 },
		{ .line = 0 } };
	struct rm_edn_reader reader = { import->place,
		from ? from + sizeof(mark) - 1 : end, end };
	int got = 1;
	size_t count = 0;

	while (count < 4 && got == 1) {
		got = rm_edn_read(&reader, part + count);
		count += got == 1;
	}
	if (got == 0 && count > 0)
		got = rm_text_error(&import->place,
		        "expected process, type, function and value");
	if (got == 1) {
		struct line line = { part, part + 1, part + 2, NULL, part + 3 };

		got = read_line(import, &line);
	}
	for (size_t i = 0; i < count; i++)
		rm_edn_clear(part + i);
	return got;
}

int rm_import_etcd(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct rm_import import = { .place = { file, 1, error },
		.history = history,
		.fail_answers = true };
	const char *end = text + length;
	int failed = 0;

	strcpy(history->stamps, "index");
	for (const char *line = text; line < end && !failed;
	        import.place.line++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next ? next : end;
		failed = read_log_line(&import, line, next);
		line = next + 1;
	}
	return end_import(&import, failed);
}
