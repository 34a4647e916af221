/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/lines.h"
#include "runner/base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libinih silently truncates longer lines and section names: its buffers have
   200 bytes for a line with newline and NUL, and 50 bytes for a section
   name. */
enum { CONTENT_MAX = 197, SECTION_MAX = 49 };

static bool report_mistake(struct rm_lines *lines, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static bool report_mistake(struct rm_lines *lines, const char *format, ...)
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

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Reports control characters, which indicate a binary file. Bytes of 0x80 and
   above, which other encodings use, are reported by check_bytes(). */
static bool check_text(
        struct rm_lines *lines, const char *line, size_t line_length)
{
	for (size_t i = 0; i < line_length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t' &&
		        line[i] != '\r')
			return report_mistake(lines,
			        "not a text file (byte 0x%02x in column %zu), "
			        "expected lines KEY = VALUE, as in "
			        "workloads/*.conf",
			        (unsigned char)line[i], i + 1);
	return true;
}

/* Comments may contain UTF-8; keys and values must be printable ASCII. */
static bool check_bytes(struct rm_lines *lines, const char *line,
        size_t content, size_t line_length)
{
	for (size_t i = 0; i < line_length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if (byte == '\t' || (byte >= ' ' && byte < 0x7f) ||
		        (byte >= 0x80 && i >= content))
			continue;
		return report_mistake(lines,
		        "byte 0x%02x in column %zu, expected plain text", byte,
		        i + 1);
	}
	return true;
}

static bool check_section(
        struct rm_lines *lines, const char *line, size_t content)
{
	if (!lines->sections)
		return report_mistake(lines, "a [section], expected KEY = "
		                             "VALUE (sections are allowed in "
		                             "workloads/modes/ only)");
	if (line[content - 1] != ']' || content < 3 ||
	        content - 2 > SECTION_MAX || memchr(line, ']', content - 1) ||
	        memchr(line + 1, '[', content - 1) ||
	        memchr(line, ';', content))
		return report_mistake(lines,
		        "a broken section, expected [NAME] of at most %d "
		        "characters",
		        SECTION_MAX);
	return true;
}

/* True if the value is too long for libinih, but is allowed as a long list.
   libinih then receives the key and the beginning of the value;
   rm_lines_value() returns the whole value. */
static bool is_long_list(
        const struct rm_lines *lines, const char *line, size_t content)
{
	return lines->long_lists && content > CONTENT_MAX &&
	       memchr(line, '=', CONTENT_MAX);
}

/* Checks a line. `content`: length of the line without its comment and trailing
   blanks; `line_length`: full length. */
static bool check_line(struct rm_lines *lines, const char *line, size_t content,
        size_t line_length)
{
	const char *equals = memchr(line, '=', content);
	const bool is_long = is_long_list(lines, line, content);
	const size_t most = is_long ? RM_LONG_LINE_MAX : RM_LINE_MAX;

	if (!check_text(lines, line, line_length))
		return false;
	if (line_length > most)
		return report_mistake(lines,
		        "a line of %zu characters, expected at most %zu",
		        line_length, most);
	if (!check_bytes(lines, line, content, line_length))
		return false;
	if (content == 0)
		return true;
	if (is_blank(line[0]))
		return report_mistake(lines,
		        "an indented line, expected KEY = VALUE from the first "
		        "column");
	if (content > CONTENT_MAX && !is_long)
		return report_mistake(lines,
		        "%zu characters without the comment, expected at most "
		        "%d",
		        content, CONTENT_MAX);
	if (line[0] == '[')
		return check_section(lines, line, content);
	if (memchr(line, ';', content))
		return report_mistake(
		        lines, "a semicolon, expected # before a comment");
	if (!equals || equals == line ||
	        memchr(line, ':', (size_t)(equals - line)))
		return report_mistake(lines, "\"%.*s\", expected KEY = VALUE",
		        content > 60 ? 60 : (int)content, line);
	return true;
}

/* Length of the line without its comment and trailing blanks. */
static size_t content_length(const char *line, size_t line_length)
{
	size_t content = line_length;

	for (size_t i = 0; i < line_length; i++)
		if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) {
			content = i;
			break;
		}
	while (content > 0 && is_blank(line[content - 1]))
		content--;
	return content;
}

static void store_value(
        struct rm_lines *lines, const char *line, size_t content)
{
	const char *value = memchr(line, '=', content);
	const char *end = line + content;

	lines->value = value ? value + 1 : end;
	while (lines->value < end && is_blank(*lines->value))
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
	size_t left = lines->length - lines->at, line_length, content;

	if (left == 0 || lines->error->text[0])
		return NULL;
	const char *end = memchr(line, '\n', left);

	line_length = end ? (size_t)(end - line) : left;
	lines->at += line_length + (end ? 1 : 0);
	lines->line++;
	if (line_length > 0 && line[line_length - 1] == '\r')
		line_length--; /* accept CRLF */
	if (lines->line == 1 && line_length >= 3 &&
	        !memcmp(line, "\xef\xbb\xbf", 3)) {
		line += 3; /* skip a byte order mark */
		line_length -= 3;
	}
	content = content_length(line, line_length);
	if (!check_line(lines, line, content, line_length))
		return NULL;
	store_value(lines, line, content);
	if (content > CONTENT_MAX)
		content = CONTENT_MAX;
	if (content + 2 > (size_t)size) {
		report_mistake(
		        lines, "a line longer than this libinih accepts");
		return NULL;
	}
	memcpy(buffer, line, content);
	memcpy(buffer + content, "\n", 2);
	return buffer;
}

void rm_lines_location(const struct rm_lines *lines, char *where)
{
	char line[16] = ""; /* stays "" if the file is empty */
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
	               : rm_error_set(error, -EINVAL, "%s: %s", file,
	                         rm_file_reason(failed));
}
