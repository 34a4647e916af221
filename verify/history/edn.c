/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edn.c - reads EDN, the data notation of Clojure (github.com/edn-format/edn),
 * to the extent that histories use it. Built-in tags and characters remain
 * text.
 */
#include "verify/history/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

static int read_value(
        struct rm_edn_reader *reader, struct rm_edn *value, unsigned depth);

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

static bool ends_atom(char c)
{
	return is_space(c) || strchr("()[]{}\";", c);
}

static void skip_blanks(struct rm_edn_reader *reader)
{
	while (reader->at < reader->end) {
		if (*reader->at == ';') {
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
			continue;
		}
		if (!is_space(*reader->at))
			return;
		reader->place.line += *reader->at == '\n';
		reader->at++;
	}
}

static char unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	default:
		return c;
	}
}

/* Finds the end first, so that one allocation suffices: the escaped text is at
   least as long as the unescaped one. */
static int read_string(struct rm_edn_reader *reader, struct rm_edn *value)
{
	const char *from = ++reader->at;
	size_t length = 0;

	while (reader->at < reader->end && *reader->at != '"') {
		reader->place.line += *reader->at == '\n';
		reader->at += *reader->at == '\\' ? 2 : 1;
	}
	if (reader->at >= reader->end) {
		reader->at = reader->end;
		return rm_text_error(
		        &reader->place, "a string has no end, expected '\"'");
	}
	value->kind = RM_EDN_STRING;
	value->text = malloc((size_t)(reader->at - from) + 1);
	if (!value->text)
		return -ENOMEM;
	for (const char *c = from; c < reader->at; c++) {
		bool escaped = *c == '\\';

		c += escaped;
		if (*c == '\0')
			return rm_text_error(
			        &reader->place, "a NUL byte in a string");
		value->text[length++] = escaped ? unescaped(*c) : *c;
	}
	value->text[length] = '\0';
	reader->at++;
	return 1;
}

static bool is_integer(const char *text)
{
	size_t digits;

	text += *text == '-' || *text == '+';
	digits = strspn(text, "0123456789");
	return digits && (!text[digits] || !strcmp(text + digits, "N"));
}

static int read_atom(struct rm_edn_reader *reader, struct rm_edn *value)
{
	const char *from = reader->at;
	size_t length;

	if (*from == '\\') /* the character may be a bracket */
		reader->at++;
	do
		reader->at++;
	while (reader->at < reader->end && !ends_atom(*reader->at));
	if (reader->at > reader->end)
		reader->at = reader->end;
	length = (size_t)(reader->at - from);
	value->text = strndup(from, length);
	if (!value->text)
		return -ENOMEM;
	if (strlen(value->text) != length)
		return rm_text_error(
		        &reader->place, "a NUL byte, expected text");
	value->kind = RM_EDN_OTHER;
	if (*from == ':') {
		value->kind = RM_EDN_KEYWORD;
		memmove(value->text, value->text + 1, length);
	} else if (!strcmp(value->text, "nil")) {
		value->kind = RM_EDN_NIL;
	} else if (is_integer(value->text)) {
		value->kind = RM_EDN_INTEGER;
		value->text[strcspn(value->text, "N")] = '\0';
	}
	return 1;
}

static int read_items(struct rm_edn_reader *reader, struct rm_edn *value,
        char close, unsigned depth)
{
	size_t room = 0;

	if (depth >= DEPTH_MAX)
		return rm_text_error(
		        &reader->place, "nested too deep, expected at most 32");
	for (;;) {
		struct rm_edn item = { .line = 0 };
		int got;

		skip_blanks(reader);
		if (reader->at < reader->end && *reader->at == close) {
			reader->at++;
			break;
		}
		got = read_value(reader, &item, depth + 1);
		if (got == 2) {
			rm_edn_clear(&item); /* the value was discarded */
			continue;
		}
		if (got == 0)
			got = rm_text_error(&reader->place,
			        "a bracket is open at the end of the text");
		else if (got == 1 && rm_array_grow(&value->items, value->count,
		                             &room, 1, sizeof(item)))
			got = -ENOMEM;
		if (got < 0) {
			rm_edn_clear(&item);
			return got;
		}
		/* rm_array_grow() made space, which the analyzer does not see.
		   NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		value->items[value->count++] = item;
	}
	if (value->kind == RM_EDN_MAP && value->count % 2)
		return rm_text_error(
		        &reader->place, "a map with a key without value");
	return 1;
}

/* Reads #{set}, #_discarded (returns 2) or #tag value. */
static int read_hash(
        struct rm_edn_reader *reader, struct rm_edn *value, unsigned depth)
{
	char next = reader->at + 1 < reader->end ? reader->at[1] : ' ';
	int got;

	if (depth >= DEPTH_MAX)
		return rm_text_error(
		        &reader->place, "nested too deep, expected at most 32");
	reader->at += 2;
	if (next == '{') {
		value->kind = RM_EDN_SET;
		return read_items(reader, value, '}', depth);
	}
	if (is_space(next))
		return rm_text_error(
		        &reader->place, "'#' alone, expected a tag or a set");
	if (next == '_') {
		struct rm_edn discarded = { .line = 0 };

		got = read_value(reader, &discarded, depth + 1);
		rm_edn_clear(&discarded);
		return got == 1 ? 2 : got;
	}
	while (reader->at < reader->end && !ends_atom(*reader->at))
		reader->at++;
	return read_value(reader, value, depth + 1);
}

/* Like rm_edn_read(), but also returns 2 if a value was read and discarded. */
static int read_value(
        struct rm_edn_reader *reader, struct rm_edn *value, unsigned depth)
{
	skip_blanks(reader);
	*value = (struct rm_edn){ .line = reader->place.line };
	if (reader->at >= reader->end)
		return 0;
	switch (*reader->at) {
	case '"':
		return read_string(reader, value);
	case '#':
		return read_hash(reader, value, depth);
	case '{':
		value->kind = RM_EDN_MAP;
		reader->at++;
		return read_items(reader, value, '}', depth);
	case '[':
	case '(':
		value->kind = RM_EDN_LIST;
		return read_items(
		        reader, value, *reader->at++ == '[' ? ']' : ')', depth);
	case ']':
	case ')':
	case '}':
		return rm_text_error(
		        &reader->place, "a closing bracket, expected a value");
	default:
		return read_atom(reader, value);
	}
}

int rm_edn_read(struct rm_edn_reader *reader, struct rm_edn *value)
{
	int got;

	do {
		got = read_value(reader, value, 0);
		if (got != 1)
			rm_edn_clear(value);
	} while (got == 2);
	return got;
}

const struct rm_edn *rm_edn_get(const struct rm_edn *map, const char *keyword)
{
	for (size_t i = 0; map->kind == RM_EDN_MAP && i < map->count; i += 2)
		if (rm_edn_is_keyword(map->items + i, keyword))
			return map->items + i + 1;
	return NULL;
}

bool rm_edn_is_keyword(const struct rm_edn *value, const char *keyword)
{
	return value && value->kind == RM_EDN_KEYWORD &&
	       !strcmp(value->text, keyword);
}

void rm_edn_clear(struct rm_edn *value)
{
	for (size_t i = 0; i < value->count; i++)
		rm_edn_clear(value->items + i);
	free(value->items);
	free(value->text);
	*value = (struct rm_edn){ .line = 0 };
}
