/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - pairs what was invoked with how it ended. */
#include "runner/history/import.h"
#include "runner/history/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum end { INVOKE, OK, FAIL, INFO, NO_END };

static enum end end_of(const struct rm_edn *type)
{
	static const char *const words[] = { "invoke", "ok", "fail", "info" };
	unsigned end = 0;

	while (end < NO_END && !rm_edn_is(type, words[end]))
		end++;
	return (enum end)end;
}

/* What a word of :f asks for. */
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
		if (rm_edn_is(f, functions[i].f))
			return functions + i;
	return NULL;
}

/* The place of a process; a new one where there is none. NULL: no memory. */
static struct rm_import_open *place_of(
        struct rm_import *import, uint64_t process)
{
	void *array;

	for (size_t i = 0; i < import->open_count; i++)
		if (import->open[i].process == process)
			return import->open + i;
	array = rm_array_grown(import->open, import->open_count,
	        &import->open_room, 1, sizeof(*import->open));
	if (!array)
		return NULL;
	import->open = array;
	import->open[import->open_count] =
	        (struct rm_import_open){ .process = process,
		        .thread = import->threads++ };
	return import->open + import->open_count++;
}

/*
 * Key and value of a line. Jepsen's independent keys are tuples [key value];
 * of cas the value is itself [old new].
 */
static int split_value(struct rm_import *import,
        const struct rm_import_line *line, enum rm_history_kind kind,
        const struct rm_edn **value, uint64_t *key)
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
	return key_edn ? rm_import_key(import, line->line, key_edn, key) : 0;
}

/* What an invoked write, cas or append writes. */
static int read_arguments(struct rm_import *import,
        const struct rm_import_line *line, const struct rm_edn *value,
        struct rm_history_event *event)
{
	if (event->kind == RM_HISTORY_LOOKUP)
		return 0;
	if (event->kind == RM_HISTORY_COMPARE_SWAP) {
		if (!value || value->kind != RM_EDN_LIST || value->count != 2)
			return rm_import_mistake(import, line->line,
			        ":value of :cas, expected [old new]");
		int failed = rm_import_value(
		        import, line->line, value->items, &event->expected);

		return failed ? failed
		              : rm_import_value(import, line->line,
		                        value->items + 1, &event->value);
	}
	if (!value)
		return rm_import_mistake(import, line->line,
		        "no :value, expected what is written");
	if (event->kind == RM_HISTORY_APPEND) {
		if (!import->texts || value->kind != RM_EDN_STRING)
			return rm_import_mistake(import, line->line,
			        ":append, expected a text for a :key");
		event->expected = rm_import_factor(value->text);
	}
	return rm_import_value(import, line->line, value, &event->value);
}

static int begin(struct rm_import *import, const struct rm_import_line *line,
        struct rm_import_open *place, const struct function *function)
{
	const struct rm_edn *value;
	int failed;

	if (place->open)
		return rm_import_mistake(import, line->line,
		        "process %llu invokes while its operation of line %u "
		        "runs, expected its end first",
		        (unsigned long long)place->process, place->line);
	place->f = function->f;
	place->line = line->line;
	place->event = (struct rm_history_event){ .invoked = import->now,
		.returned = RM_HISTORY_NEVER,
		.thread = place->thread,
		.kind = (uint8_t)function->kind };
	failed = split_value(
	        import, line, function->kind, &value, &place->event.key);
	if (!failed)
		failed = read_arguments(import, line, value, &place->event);
	place->open = !failed;
	return failed;
}

/* The answer of an operation that ended well. */
static int read_answer(struct rm_import *import,
        const struct rm_import_line *line, struct rm_history_event *event)
{
	const struct rm_edn *value;
	uint64_t key;
	int failed = split_value(import, line, event->kind, &value, &key);

	if (failed)
		return failed;
	if (key != event->key)
		return rm_import_mistake(import, line->line,
		        "another key than at its beginning, expected the same");
	event->there = true;
	if (event->kind == RM_HISTORY_UPSERT ||
	        event->kind == RM_HISTORY_APPEND)
		event->unknown = RM_HISTORY_UNKNOWN_THERE;
	if (event->kind != RM_HISTORY_LOOKUP)
		return 0;
	event->there = value && value->kind != RM_EDN_NIL;
	return event->there ? rm_import_value(
	                              import, line->line, value, &event->result)
	                    : 0;
}

static int finish(struct rm_import *import, const struct rm_import_line *line,
        struct rm_import_open *place, enum end end)
{
	struct rm_history_event *event = &place->event;
	int failed;

	if (!place->open || !rm_edn_is(line->f, place->f))
		return rm_import_mistake(import, line->line,
		        "process %llu ends an operation, expected that it "
		        "invoked the same before",
		        (unsigned long long)place->process);
	place->open = false;
	if (end == INFO) {
		/* nobody knows whether: its process goes on as another */
		place->thread = import->threads++;
		return rm_history_add(import->history, event, NULL);
	}
	event->returned = import->now;
	if (end == FAIL && (event->kind != RM_HISTORY_COMPARE_SWAP ||
	                           !import->fail_answers))
		return 0; /* surely not done */
	if (end == FAIL)
		return rm_history_add(import->history, event, NULL);
	failed = read_answer(import, line, event);
	return failed ? failed : rm_history_add(import->history, event, NULL);
}

int rm_import_take(struct rm_import *import, const struct rm_import_line *line)
{
	const struct function *function = function_of(line->f);
	enum end end = end_of(line->type);
	struct rm_import_open *place;
	uint64_t process;

	import->now++;
	if (line->process && line->process->kind == RM_EDN_KEYWORD)
		return 0; /* :nemesis */
	if (!line->process || line->process->kind != RM_EDN_INTEGER)
		return rm_import_mistake(import, line->line,
		        "no :process, expected a number or :nemesis");
	if (end == NO_END)
		return rm_import_mistake(import, line->line,
		        "no :type, expected :invoke, :ok, :fail or :info");
	if (!function)
		return rm_import_mistake(import, line->line,
		        "no :f that is known, expected :read, :write, :cas, "
		        ":get, :put or :append");
	process = strtoull(line->process->text, NULL, 10);
	place = place_of(import, process);
	if (!place)
		return -ENOMEM;
	return end == INVOKE ? begin(import, line, place, function)
	                     : finish(import, line, place, end);
}

int rm_import_end(struct rm_import *import, int failed)
{
	for (size_t i = 0; i < import->open_count && !failed; i++)
		if (import->open[i].open)
			failed = rm_history_add(
			        import->history, &import->open[i].event, NULL);
	if (!failed && !import->now)
		failed = rm_import_mistake(
		        import, 1, "no operation, expected at least one");
	free(import->open);
	free(import->keys.numbers);
	free(import->values.numbers);
	return failed;
}
