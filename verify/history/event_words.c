/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_words.c - formats an operation and its result, with the names that keys
 * and values have in the imported log.
 */
#include "verify/history/internal.h"

#include <stdio.h>
#include <string.h>

enum { WORD_BYTES = 48, DECIMAL_BELOW = 1000000000 };

const char *rm_outcome_word(enum rm_history_kind kind, bool there)
{
	switch (kind) {
	case RM_HISTORY_UPSERT:
	case RM_HISTORY_EXCHANGE:
	case RM_HISTORY_APPEND:
		return there ? "replaced" : "inserted";
	case RM_HISTORY_REMOVE:
	case RM_HISTORY_TAKE:
		return there ? "removed" : "absent";
	case RM_HISTORY_INSERT_IF_ABSENT:
		return there ? "present" : "inserted";
	case RM_HISTORY_COMPARE_SWAP:
		return there ? "swapped" : "not swapped";
	case RM_HISTORY_COMPARE_REMOVE:
		return there ? "removed" : "not removed";
	default:
		return there ? "present" : "absent";
	}
}

void rm_trim_partial_utf8(char *text)
{
	const size_t length = strlen(text);
	size_t at = length;

	while (at && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (!at || (unsigned char)text[at - 1] < 0xc0)
		return;
	const unsigned char first = (unsigned char)text[--at];

	if (length - at < (first < 0xe0 ? 2U : first < 0xf0 ? 3U : 4U))
		text[at] = '\0';
}

/* Names come from files, and control characters must not reach a terminal. */
static void print_name(const char *name, char *text, size_t size)
{
	size_t i = 0;

	for (; name[i] && i + 1 < size; i++)
		text[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f
		                  ? '?'
		                  : name[i];
	text[i] = '\0';
	rm_trim_partial_utf8(text);
}

static void format_name(const struct rm_history_name *names, size_t count,
        uint64_t number, char *text, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].number != number)
			continue;
		print_name(names[i].text, text, size);
		return;
	}
	snprintf(text, size, number < DECIMAL_BELOW ? "%llu" : "%#llx",
	        (unsigned long long)number);
}

void rm_format_key(
        const struct rm_history *history, uint64_t key, char *text, size_t size)
{
	format_name(history->keys, history->key_count, key, text, size);
}

void rm_format_value(const struct rm_history *history, uint64_t value,
        bool plain, char *text, size_t size)
{
	if (plain)
		snprintf(text, size, "%llu", (unsigned long long)value);
	else
		format_name(history->values, history->value_count, value, text,
		        size);
}

static void format_call(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size)
{
	const char *name = rm_history_kind_name(event->kind);
	char key[WORD_BYTES], value[WORD_BYTES], expected[WORD_BYTES];

	rm_format_key(history, event->key, key, sizeof(key));
	rm_format_value(history, event->value, false, value, sizeof(value));
	rm_format_value(
	        history, event->expected, false, expected, sizeof(expected));
	switch (event->kind) {
	case RM_HISTORY_UPSERT:
	case RM_HISTORY_EXCHANGE:
	case RM_HISTORY_INSERT_IF_ABSENT:
	case RM_HISTORY_APPEND:
		snprintf(text, size, "%s %s = %s", name, key, value);
		return;
	case RM_HISTORY_COMPARE_SWAP:
		snprintf(text, size, "%s %s: %s -> %s", name, key, expected,
		        value);
		return;
	case RM_HISTORY_COMPARE_REMOVE:
		snprintf(text, size, "%s %s: %s", name, key, expected);
		return;
	case RM_HISTORY_LENGTH:
	case RM_HISTORY_SCAN:
	case RM_HISTORY_CLEAR:
		snprintf(text, size, "%s", name);
		return;
	default:
		snprintf(text, size, "%s %s", name, key);
	}
}

void rm_format_call(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size)
{
	format_call(history, event, text, size);
	rm_trim_partial_utf8(text);
}

/* Formats a result that includes a value, such as "3" or "replaced 3". */
static void format_value_result(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size)
{
	const char *there = rm_outcome_word(event->kind, event->there);
	bool bare = event->kind == RM_HISTORY_LOOKUP;
	char value[WORD_BYTES];

	rm_format_value(history, event->result, false, value, sizeof(value));
	if (!event->there || (event->unknown & RM_HISTORY_UNKNOWN_RESULT))
		snprintf(text, size, "%s", there);
	else
		snprintf(text, size, "%s%s%s", bare ? "" : there,
		        bare ? "" : " ", value);
	rm_trim_partial_utf8(text);
}

void rm_format_result(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size)
{
	if (event->returned == RM_HISTORY_NEVER) {
		snprintf(text, size, "(runs)");
		return;
	}
	if (event->unknown & RM_HISTORY_UNKNOWN_THERE) {
		snprintf(text, size, "done");
		return;
	}
	switch (event->kind) {
	case RM_HISTORY_LOOKUP:
	case RM_HISTORY_EXCHANGE:
	case RM_HISTORY_TAKE:
	case RM_HISTORY_INSERT_IF_ABSENT:
		format_value_result(history, event, text, size);
		return;
	case RM_HISTORY_LENGTH:
		snprintf(text, size, "%llu entries",
		        (unsigned long long)event->result);
		return;
	case RM_HISTORY_SCAN:
		snprintf(text, size, "%zu entries", event->pairs);
		return;
	case RM_HISTORY_CLEAR:
		snprintf(text, size, "done");
		return;
	default:
		snprintf(text, size, "%s",
		        rm_outcome_word(event->kind, event->there));
	}
}
