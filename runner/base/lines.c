/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c - see lines.h. */
#include "runner/base/lines.h"
#include "runner/base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What inih cuts silently: 200 bytes hold a line, its end and a NUL; a
   section name has 50 bytes. */
enum { CONTENT_MAX = 197, SECTION_MAX = 49 };

static bool mistake(struct rm_lines *lines, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static bool mistake(struct rm_lines *lines, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	rm_error_set(lines->error, -EINVAL, "%s:%u: %s", lines->file,
	        lines->line, what);
	return false;
}

static bool blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* A comment may hold any UTF-8; what is read must be printable ASCII. */
static bool bytes_are_plain(
        struct rm_lines *lines, const char *line, size_t content, size_t whole)
{
	for (size_t i = 0; i < whole; i++) {
		unsigned char byte = (unsigned char)line[i];

		if (byte == '\t' || (byte >= ' ' && byte < 0x7f) ||
		        (byte >= 0x80 && i >= content))
			continue;
		return mistake(lines,
		        "byte 0x%02x in column %zu, expected plain text", byte,
		        i + 1);
	}
	return true;
}

static bool section_is_plain(
        struct rm_lines *lines, const char *line, size_t content)
{
	if (!lines->sections)
		return mistake(lines,
		        "a [section], expected KEY = VALUE (sections stand in "
		        "workloads/modes/ only)");
	if (line[content - 1] != ']' || content < 3 ||
	        content - 2 > SECTION_MAX || memchr(line, ']', content - 1) ||
	        memchr(line + 1, '[', content - 1) ||
	        memchr(line, ';', content))
		return mistake(lines,
		        "a broken section, expected [NAME] of at most %d "
		        "characters",
		        SECTION_MAX);
	return true;
}

/* Whether a value ends beyond what libinih takes, and may: it gets the key and
   the beginning, the rest is asked for (rm_lines_value()). */
static bool is_long_list(
        const struct rm_lines *lines, const char *line, size_t content)
{
	return lines->long_lists && content > CONTENT_MAX &&
	       memchr(line, '=', CONTENT_MAX);
}

/* `content` bytes without comment and blanks at the end; all of the line has
   `whole` bytes. */
static bool line_is_plain(
        struct rm_lines *lines, const char *line, size_t content, size_t whole)
{
	const char *equals = memchr(line, '=', content);
	const bool is_long = is_long_list(lines, line, content);
	const size_t most = is_long ? RM_LONG_LINE_MAX : RM_LINE_MAX;

	if (whole > most)
		return mistake(lines,
		        "a line of %zu characters, expected at most %zu", whole,
		        most);
	if (!bytes_are_plain(lines, line, content, whole))
		return false;
	if (content == 0)
		return true;
	if (blank(line[0]))
		return mistake(lines,
		        "an indented line, expected KEY = VALUE from the first "
		        "column");
	if (content > CONTENT_MAX && !is_long)
		return mistake(lines,
		        "%zu characters without the comment, expected at most "
		        "%d",
		        content, CONTENT_MAX);
	if (line[0] == '[')
		return section_is_plain(lines, line, content);
	if (memchr(line, ';', content))
		return mistake(lines,
		        "a semicolon, expected # where a comment begins");
	if (!equals || equals == line ||
	        memchr(line, ':', (size_t)(equals - line)))
		return mistake(lines, "\"%.*s\", expected KEY = VALUE",
		        content > 60 ? 60 : (int)content, line);
	return true;
}

/* Bytes before the comment, blanks at the end not counted. */
static size_t content_of(const char *line, size_t whole)
{
	size_t content = whole;

	for (size_t i = 0; i < whole; i++)
		if (line[i] == '#' && (i == 0 || blank(line[i - 1]))) {
			content = i;
			break;
		}
	while (content > 0 && blank(line[content - 1]))
		content--;
	return content;
}

static void keep_value(struct rm_lines *lines, const char *line, size_t content)
{
	const char *value = memchr(line, '=', content);
	const char *end = line + content;

	lines->value = value ? value + 1 : end;
	while (lines->value < end && blank(*lines->value))
		lines->value++;
	lines->value_length = (size_t)(end - lines->value);
}

char *rm_lines_value(const struct rm_lines *lines)
{
	return strndup(lines->value, lines->value_length);
}

char *rm_lines_next(char *buffer, int size, void *context)
{
	struct rm_lines *lines = context;
	const char *line = lines->text + lines->at;
	size_t left = lines->length - lines->at, whole, content;

	if (left == 0 || lines->error->text[0])
		return NULL;
	const char *end = memchr(line, '\n', left);

	whole = end ? (size_t)(end - line) : left;
	lines->at += whole + (end ? 1 : 0);
	lines->line++;
	if (whole > 0 && line[whole - 1] == '\r')
		whole--; /* CRLF is fine */
	if (lines->line == 1 && whole >= 3 &&
	        !memcmp(line, "\xef\xbb\xbf", 3)) {
		line += 3; /* a byte order mark, too */
		whole -= 3;
	}
	content = content_of(line, whole);
	if (!line_is_plain(lines, line, content, whole))
		return NULL;
	keep_value(lines, line, content);
	if (content > CONTENT_MAX)
		content = CONTENT_MAX;
	if (content + 2 > (size_t)size) {
		mistake(lines, "a line longer than this libinih can take");
		return NULL;
	}
	memcpy(buffer, line, content);
	memcpy(buffer + content, "\n", 2);
	return buffer;
}

void rm_lines_where(const struct rm_lines *lines, char *where)
{
	char line[16] = ""; /* of an empty file */
	size_t room, length = strlen(lines->file);
	const char *file = lines->file;

	if (lines->line)
		snprintf(line, sizeof(line), ":%u", lines->line);
	room = RM_WHERE_BYTES - strlen(line) - 1;
	if (length > room)
		file += length - room;
	snprintf(where, RM_WHERE_BYTES, "%s%s", file, line);
}

int rm_lines_load(
        const char *file, char **text, size_t *length, struct rm_error *error)
{
	FILE *in = rm_file_open(file);
	int failed;

	*text = NULL;
	if (!in) {
		failed = -errno;
		return rm_error_set(error,
		        failed == -ENODEV || failed == -EISDIR ? -EINVAL
		                                               : failed,
		        "%s: %s", file, rm_file_reason(failed));
	}
	failed = rm_file_read(in, RM_FILE_MAX, text, length);
	fclose(in);
	if (failed == -EFBIG)
		return rm_error_set(error, -EINVAL,
		        "%s: above %d bytes, expected a workload", file,
		        RM_FILE_MAX);
	if (failed == -ENOMEM)
		return rm_error_set(error, -ENOMEM, "out of memory");
	return !failed ? 0
	               : rm_error_set(error, failed, "%s: %s", file,
	                         strerror(-failed));
}
