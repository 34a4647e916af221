/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - reads a text file line by line for ini_parse_stream().
 *
 * libinih alone would keep ` #` comments in values, truncate lines after 199
 * characters, append indented lines to the previous value, and not report line
 * numbers. This reader passes only lines without these problems to it, and
 * rejects all others.
 */
#ifndef RM_LINES_H
#define RM_LINES_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Maximum bytes of a line, of a line with a long list, of a file, and of
   "file:line". */
enum {
	RM_LINE_MAX = 300,
	RM_LONG_LINE_MAX = 1 << 15,
	RM_FILE_MAX = 1 << 20,
	RM_WHERE_BYTES = 128
};

struct rm_lines {
	const char *file; /* for messages */
	const char *text; /* `length` bytes, not NUL-terminated */
	size_t length;
	size_t at;              /* offset of the next byte */
	unsigned line;          /* number of the last line, from 1 */
	bool sections;          /* [section] lines are allowed */
	bool long_lists;        /* allow long values, see rm_lines_value() */
	const char *value;      /* value of the last line, after its "=" */
	size_t value_length;    /* without comment and trailing blanks */
	struct rm_error *error; /* the first error; it ends reading */
};

/* An ini_reader of libinih. Returns the next line without comment and trailing
   blanks; NULL at the end of the text or after an error. */
char *rm_lines_next(char *buffer, int size, void *context);

/* Returns the value of the last line KEY = VALUE; free() it. NULL: no memory.
   If `long_lists` is set, only this function returns long values whole. */
char *rm_lines_value(const struct rm_lines *lines);

/* Stores "file:line" of the last line in `where` (RM_WHERE_BYTES). A long path
   is truncated at its start. */
void rm_lines_location(const struct rm_lines *lines, char *where);

/* Reads a whole regular file of at most RM_FILE_MAX bytes into *text; free()
   it. Returns 0; or -errno with `error` "file: reason" (-EINVAL: not a regular
   file, or too large). */
int rm_lines_load(
        const char *file, char **text, size_t *length, struct rm_error *error);

#endif /* RM_LINES_H */
