/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - a text file, line by line, for ini_parse_stream().
 *
 * libinih alone would keep ` #` comments in values, cut lines at 199
 * characters, append indented lines to the value above, and tell nobody the
 * line number. This reader hands it clean lines only and refuses the rest.
 */
#ifndef RM_LINES_H
#define RM_LINES_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Most bytes of a line, of one with a long list, of a file; room for
   "file:line". */
enum {
	RM_LINE_MAX = 300,
	RM_LONG_LINE_MAX = 1 << 15,
	RM_FILE_MAX = 1 << 20,
	RM_WHERE_BYTES = 128
};

struct rm_lines {
	const char *file; /* for messages */
	const char *text; /* `length` bytes, need not end with NUL */
	size_t length;
	size_t at;              /* next byte */
	unsigned line;          /* of the line handed out last, from 1 */
	bool sections;          /* [section] lines are allowed */
	bool long_lists;        /* so are long values: rm_lines_value() */
	const char *value;      /* of that line, behind its "=" */
	size_t value_length;    /* without comment and blanks at the end */
	struct rm_error *error; /* the first mistake; reading ends there */
};

/* An ini_reader. Hands out the next line without comment and blanks at its
   end, or NULL at the end of the text and after a mistake. */
char *rm_lines_next(char *buffer, int size, void *context);

/* The value of the last line, KEY = VALUE; free() it. NULL: no memory. Where
   long lists are allowed libinih may have seen no more than how it begins. */
char *rm_lines_value(const struct rm_lines *lines);

/* "file:line" of the last line; of a long path the end. `where` has
   RM_WHERE_BYTES. */
void rm_lines_where(const struct rm_lines *lines, char *where);

/*
 * Reads a whole regular file of at most RM_FILE_MAX bytes into *text (free()
 * it). -errno with `error` "file: what"; -EINVAL where it is no such file.
 */
int rm_lines_load(
        const char *file, char **text, size_t *length, struct rm_error *error);

#endif /* RM_LINES_H */
