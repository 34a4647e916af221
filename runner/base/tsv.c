/* SPDX-License-Identifier: Apache-2.0 */
/* tsv.c - reads tables of tab-separated text. */
#include "runner/base/tsv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Splits a line at its tabs. Returns the number of fields, at most `columns` +
   1. */
static unsigned split_line(char *line, char **field, unsigned columns)
{
	unsigned n = 0;

	for (char *next = line; next;) {
		char *part = strsep(&next, "\t");

		if (n == columns)
			return columns + 1;
		field[n++] = part;
	}
	return n;
}

static int handle_line(char *line, const char *where, unsigned columns,
        rm_tsv_line_fn *take, void *context, struct rm_error *error)
{
	static char nothing[] = "";
	char *field[RM_TSV_COLUMNS_MAX] = { NULL };
	unsigned n = split_line(line, field, columns);

	if (n != columns && n != columns - 1)
		return rm_error_set(error, -EINVAL,
		        "%s: %s%u columns, expected %u separated by tabs",
		        where, n > columns ? "more than " : "",
		        n > columns ? columns : n, columns);
	if (n < columns)
		field[n] = nothing;
	return take(context, field, where, error);
}

bool rm_tsv_list_has(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; *at;) {
		size_t part = strcspn(at, ",");

		if (part == length && !strncmp(at, name, length))
			return true;
		at += part + (at[part] == ',');
	}
	return false;
}

int rm_tsv_read(const char *text, const char *name, unsigned columns,
        rm_tsv_line_fn *take, void *context, char **copy,
        struct rm_error *error)
{
	unsigned number = 0;
	int code = 0;

	*copy = strdup(text);
	if (!*copy)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (char *next = *copy; next && !code;) {
		char *line = strsep(&next, "\n"), where[256];

		snprintf(where, sizeof(where), "%s:%u", name, ++number);
		if (line[0] && line[0] != '#')
			code = handle_line(
			        line, where, columns, take, context, error);
	}
	if (code) {
		free(*copy);
		*copy = NULL;
	}
	return code;
}
