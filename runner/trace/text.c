/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - reads and writes the text form of a trace.
 *
 * Every line that is not exactly one operation is rejected. If such lines were
 * skipped, a trace that was truncated within a line would replay as a different
 * workload.
 */
#include "runner/trace/internal.h"

#include "runner/base/checksum.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	WORD_BYTES = 4,
	SHOWN_BYTES = 24
}; /* length of "get "; bytes shown of a bad line */

const char rm_trace_words[][WORD_BYTES + 1] = { "get ", "set ", "del ",
	"has " };

struct lines {
	const char *file;
	const char *at, *end; /* the text that was not read yet */
	uint64_t number;      /* number of the last returned line, from 1 */
};

/* Returns the next line without its newline; NULL after the last line. Sets
   `cut` if the line has no newline. */
static const char *next(struct lines *lines, size_t *length, bool *cut)
{
	const char *line = lines->at, *newline;

	if (line == lines->end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(lines->end - line));
	*cut = !newline;
	*length = (size_t)((newline ? newline : lines->end) - line);
	lines->at = newline ? newline + 1 : lines->end;
	lines->number++;
	return line;
}

static int reject_line(const struct lines *lines, const char *line,
        size_t length, struct rm_error *error)
{
	char shown[SHOWN_BYTES + 1];
	size_t i;

	for (i = 0; i < length && i < SHOWN_BYTES; i++)
		shown[i] = isprint((unsigned char)line[i]) ? line[i] : '?';
	shown[i] = '\0';
	return rm_error_set(error, -EINVAL,
	        "%s:%" PRIu64 ": \"%s\", expected get, set, del or has, one "
	        "blank, and a key; or put K V KEY VALUE",
	        lines->file, lines->number, shown);
}

static int reject_with(
        const struct lines *lines, const char *why, struct rm_error *error)
{
	return rm_error_set(error, -EINVAL, "%s:%" PRIu64 ": %s", lines->file,
	        lines->number, why);
}

/* Parses `end N`, which must be the last line. N must be the number of
   operations. */
static int read_end(const struct lines *lines, const char *line, size_t length,
        uint64_t count, struct rm_error *error)
{
	uint64_t declared = 0;
	size_t i = WORD_BYTES;

	for (; i < length && i < WORD_BYTES + 19 &&
	        isdigit((unsigned char)line[i]);
	        i++)
		declared = 10 * declared + (uint64_t)(line[i] - '0');
	if (i < length || i == WORD_BYTES)
		return reject_with(lines, "end, expected a number", error);
	if (declared != count)
		return rm_error_set(error, -EINVAL,
		        "%s:%" PRIu64 ": end of %" PRIu64
		        " operations, but the file has %" PRIu64
		        ": the trace was cut or joined",
		        lines->file, lines->number, declared, count);
	if (lines->at != lines->end)
		return reject_with(
		        lines, "lines after end, expected none", error);
	return 0;
}

/* Parses one operation. A key may contain any byte except a newline. A blank at
   the end of a line belongs to the key. */
static int read_line(const struct lines *lines, const char *line, size_t length,
        struct rm_trace_builder *building, struct rm_error *error)
{
	const char *why;
	size_t word = 0;
	int failed;

	while (word < 4 &&
	        (length < WORD_BYTES ||
	                memcmp(line, rm_trace_words[word], WORD_BYTES) != 0))
		word++;
	if (word == 4 || length == WORD_BYTES)
		return reject_line(lines, line, length, error);
	if (length - WORD_BYTES > RM_TRACE_KEY_MAX)
		return rm_error_set(error, -EINVAL,
		        "%s:%" PRIu64 ": a key of %zu bytes, expected at most "
		        "%d",
		        lines->file, lines->number, length - WORD_BYTES,
		        RM_TRACE_KEY_MAX);
	failed = rm_trace_add(building,
	        &(struct rm_trace_line){ .word = (enum rm_trace_word)word,
	                .key = line + WORD_BYTES,
	                .length = length - WORD_BYTES },
	        &why);
	return failed == -EINVAL ? reject_with(lines, why, error) : failed;
}

/* Parses a number of bytes and a blank. Returns false if the number is
   malformed or above `most`. */
static bool read_size(
        const char **at, const char *end, size_t most, size_t *size)
{
	const char *digit = *at;

	*size = 0;
	for (; digit < end && isdigit((unsigned char)*digit) && *size <= most;
	        digit++)
		*size = 10 * *size + (size_t)(*digit - '0');
	if (digit == *at || digit == end || *digit != ' ' || *size > most)
		return false;
	*at = digit + 1;
	return true;
}

/* Parses `put K V KEY VALUE` with the sizes K and V, since a value may contain
   newlines, which count as lines. Moves `lines` past the operation. */
static int read_put(struct lines *lines, const char *line,
        struct rm_trace_builder *building, struct rm_error *error)
{
	const char *at = line + WORD_BYTES, *why;
	struct rm_trace_line put = { .word = RM_TRACE_SET };
	size_t left;
	int failed;

	if (!read_size(&at, lines->end, RM_TRACE_KEY_MAX, &put.length) ||
	        !read_size(&at, lines->end, RM_TRACE_VALUE_MAX,
	                &put.value_length) ||
	        !put.length)
		return reject_with(lines,
		        "put, expected the lengths of key (1 to 1024) and "
		        "value (up to 2^20) in bytes, then both",
		        error);
	left = (size_t)(lines->end - at);
	put.key = at;
	put.value = at + put.length + 1;
	if (left < put.length + put.value_length + 2 || put.value[-1] != ' ' ||
	        put.value[put.value_length] != '\n')
		return reject_with(lines,
		        "put, expected key and value of these lengths, with a "
		        "blank between and a newline after them",
		        error);
	failed = rm_trace_add(building, &put, &why);
	if (failed)
		return failed == -EINVAL ? reject_with(lines, why, error)
		                         : failed;
	lines->at = put.value + put.value_length + 1;
	for (size_t i = 0; i < put.value_length; i++)
		lines->number += put.value[i] == '\n';
	return 0;
}

int rm_trace_parse_text(const char *file, const char *text, size_t length,
        struct rm_trace_builder *building, struct rm_error *error)
{
	struct lines lines = { file, text, text + length, 0 };
	const char *line;
	size_t bytes;
	bool cut;

	if (rm_line_check(text, length) == RM_SEAL_BROKEN)
		return rm_error_set(error, -EINVAL,
		        "%s:1: damaged: the crc32 is not that of the file; "
		        "copy or record it again, or remove line 1",
		        file);
	while ((line = next(&lines, &bytes, &cut))) {
		int failed = 0;

		if (cut)
			return reject_with(&lines,
			        "the last line has no newline, expected one: "
			        "the trace was cut",
			        error);
		if (bytes && line[0] == '#')
			continue;
		if (bytes >= WORD_BYTES && !memcmp(line, "end ", WORD_BYTES))
			failed = read_end(&lines, line, bytes,
			        building->trace->count, error);
		else if (bytes > WORD_BYTES &&
		         !memcmp(line, "put ", WORD_BYTES))
			failed = read_put(&lines, line, building, error);
		else
			failed =
			        read_line(&lines, line, bytes, building, error);
		if (failed)
			return failed;
	}
	return 0;
}

static void put(FILE *out, const struct rm_trace *trace, const char *word,
        uint64_t rank)
{
	const struct rm_dictionary_key *key = &trace->dictionary.keys[rank];

	fputs(word, out);
	fwrite(trace->dictionary.bytes + key->at, 1, key->length, out);
	fputc('\n', out);
}

void rm_trace_write_set(FILE *out, const struct rm_trace_line *line)
{
	fprintf(out, "put %zu %zu ", line->length, line->value_length);
	fwrite(line->key, 1, line->length, out);
	fputc(' ', out);
	fwrite(line->value, 1, line->value_length, out);
	fputc('\n', out);
}

static int write_lines(FILE *out, const void *what)
{
	const struct rm_trace *trace = what;
	uint64_t sets = 0;

	fputs(RM_SEALED_HEAD "trace\"}\n", out);
	for (uint64_t rank = 0; rank < trace->present; rank++)
		put(out, trace, rm_trace_words[RM_TRACE_HAS], rank);
	for (uint64_t i = 0; i < trace->count; i++) {
		struct rm_trace_line line =
		        rm_trace_line_of(trace, trace->entries[i], &sets);

		if (line.value)
			rm_trace_write_set(out, &line);
		else
			put(out, trace, rm_trace_words[line.word],
			        rm_replay_rank(trace->entries[i]));
	}
	fprintf(out, "end %" PRIu64 "\n", trace->count);
	return 0;
}

int rm_trace_write_text(FILE *out, const struct rm_trace *trace)
{
	return rm_text_seal(out, write_lines, trace);
}
