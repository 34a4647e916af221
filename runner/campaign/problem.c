/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - reports a problem in a folder, and finds the line of a JSON
   member by its indentation. */
#include "runner/campaign/internal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2 };

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

static bool is_named(const char *text, const char *name, size_t length)
{
	return text[0] == '"' && !strncmp(text + 1, name, length) &&
	       text[length + 1] == '"' && text[length + 2] == ':';
}

/* Finds the line of the member `name` (`length` bytes) in the container that
   begins at `line`. If length is 0, finds the element with index `element`
   instead. Returns NULL if it does not exist. */
static const char *find_member(const char *line, size_t depth, const char *name,
        size_t length, size_t element)
{
	size_t seen = 0;

	while ((line = next_line(line))) {
		size_t indent = strspn(line, " ");
		const char *text = line + indent;

		if (indent < depth * INDENT)
			return NULL; /* end of the container */
		if (indent > depth * INDENT || text[0] == ']' || text[0] == '}')
			continue;
		if (length ? is_named(text, name, length) : seen++ == element)
			return line;
	}
	return NULL;
}

static size_t count_lines(const char *text, const char *line)
{
	size_t number = 1;

	for (const char *c = text; c < line; c++)
		number += *c == '\n';
	return number;
}

size_t rm_json_line(const char *text, const char *path)
{
	const char *line = text;

	for (size_t depth = 1; *path; depth++) {
		size_t length = strcspn(path, ".["), element = 0;
		const char *rest = path + length;

		if (path[0] == '[') {
			element = strtoul(path + 1, NULL, 10);
			rest = path + strcspn(path, "]");
			rest += *rest == ']';
		}
		const char *found =
		        find_member(line, depth, path, length, element);

		if (!found)
			break;
		line = found;
		path = rest + (*rest == '.');
	}
	return count_lines(text, line);
}

void rm_problem(struct rm_validation *validation, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	rm_text_sanitize(text);
	validation->problems++;
	if (validation->report)
		validation->report(validation->context, text);
}
