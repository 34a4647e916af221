/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twitter.c - imports the public trace format of Twitter's caches.
 *
 * A line is `timestamp,key,key size,value size,client,operation,TTL` (README of
 * github.com/twitter/cache-trace; sizes in bytes, times in seconds). The
 * anonymised key may be longer or shorter than its key size; the import gives
 * it that size. A value with a TTL expires: the import adds a del before the
 * first line at or after the time of expiry.
 */
#include "runner/base/file.h"
#include "runner/trace/internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Fields of a line after the key. */
enum field { KEY_SIZE, VALUE_SIZE, CLIENT, OPERATION, TTL, FIELDS };

enum {
	SHOWN_BYTES = 24,
	FIRST_PRINTABLE = 0x20,
	RENAMED = 1, /* first byte of a generated key; recorded keys cannot
	                contain it */
};

/* Maximum of a time or a TTL in seconds: 136 years. */
static const uint64_t SECONDS_MOST = UINT32_MAX;

/* The effects of an operation on a present key and on an absent one. */
static const struct operation {
	const char *name;
	enum rm_trace_word there, absent;
	bool sets_ttl;
} operations[] = {
	{ "get", RM_TRACE_GET, RM_TRACE_GET, false },
	{ "gets", RM_TRACE_GET, RM_TRACE_GET, false },
	{ "set", RM_TRACE_SET, RM_TRACE_SET, true },
	{ "add", RM_TRACE_GET, RM_TRACE_SET, true },
	{ "replace", RM_TRACE_SET, RM_TRACE_GET, true },
	{ "cas", RM_TRACE_SET, RM_TRACE_GET, true },
	{ "append", RM_TRACE_SET, RM_TRACE_GET, false },
	{ "prepend", RM_TRACE_SET, RM_TRACE_GET, false },
	{ "incr", RM_TRACE_SET, RM_TRACE_GET, false },
	{ "decr", RM_TRACE_SET, RM_TRACE_GET, false },
	{ "delete", RM_TRACE_DEL, RM_TRACE_DEL, false },
};
enum { OPERATIONS = sizeof(operations) / sizeof(*operations) };

enum state { UNSEEN, THERE, GONE };

struct key {
	size_t size; /* key size in the key's first line */
	enum state state;
	uint32_t writes; /* number of writes; a write cancels earlier
	                  * expiries */
};

/* Node of a binary heap. The earliest expiry is at its top. */
struct expiry {
	uint64_t at_s;
	uint64_t turn; /* order of insertion, which orders equal times */
	uint32_t key, write;
};

struct importing {
	const char *file;
	uint64_t line, now_s, turns;
	struct rm_dictionary names; /* keys of the file */
	struct key *keys;           /* indexed by number in `names`; owned */
	size_t key_room;
	struct expiry *heap; /* owned */
	size_t waiting, heap_room;
	char name[RM_TRACE_KEY_MAX]; /* current key, padded to its size */
	char *value;                 /* source of bytes for values, as long as
	                                the longest value; owned */
	struct rm_trace_builder *building;
	struct rm_trace_import_stats *stats;
	struct rm_error *error;
};

struct line {
	uint64_t time_s, key_size, value_size, ttl_s;
	const char *key;
	size_t key_length;
	const struct operation *operation;
};

static int reject_field(const struct importing *in, const char *what,
        const char *text, size_t length, const char *expected)
{
	char shown[SHOWN_BYTES + 1];
	size_t i;

	for (i = 0; i < length && i < SHOWN_BYTES; i++)
		shown[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	shown[i] = '\0';
	return rm_error_set(in->error, -EINVAL,
	        "%s:%" PRIu64 ": %s \"%s\", expected %s", in->file, in->line,
	        what, shown, expected);
}

/* Parses digits only. The number must be in [least, most]. */
static bool read_number(const char *text, size_t length, uint64_t least,
        uint64_t most, uint64_t *number)
{
	*number = 0;
	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		*number = 10 * *number + (uint64_t)(text[i] - '0');
		if (*number > most)
			return false;
	}
	return *number >= least;
}

static const struct operation *find_operation(const char *text, size_t length)
{
	for (size_t i = 0; i < OPERATIONS; i++)
		if (strlen(operations[i].name) == length &&
		        !memcmp(operations[i].name, text, length))
			return &operations[i];
	return NULL;
}

/* Parses a field after the key. A client may be any text. */
static int read_field(const struct importing *in, enum field field,
        const char *text, size_t length, struct line *line)
{
	switch (field) {
	case KEY_SIZE:
		return read_number(text, length, 1, RM_TRACE_KEY_MAX,
		               &line->key_size)
		               ? 0
		               : reject_field(in, "key size", text, length,
		                         "1 to 1024 bytes");
	case VALUE_SIZE:
		return read_number(text, length, 0, RM_TRACE_VALUE_MAX,
		               &line->value_size)
		               ? 0
		               : reject_field(in, "value size", text, length,
		                         "0 to 1048576 bytes");
	case OPERATION:
		line->operation = find_operation(text, length);
		return line->operation
		               ? 0
		               : reject_field(in, "operation", text, length,
		                         "get, gets, set, add, replace, cas, "
		                         "append, prepend, delete, incr or "
		                         "decr");
	case TTL:
		return read_number(text, length, 0, SECONDS_MOST, &line->ttl_s)
		               ? 0
		               : reject_field(in, "TTL", text, length,
		                         "seconds, 0 unless it is a write");
	default:
		return 0;
	}
}

static bool is_key(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < FIRST_PRINTABLE)
			return false;
	return length && length <= RM_TRACE_KEY_MAX;
}

static size_t count_commas(const char *text, size_t length)
{
	size_t commas = 0;

	for (size_t i = 0; i < length; i++)
		commas += text[i] == ',';
	return commas;
}

/* Splits the fields after the key from the end of the line, since a key may
   contain commas. */
static int read_line(const struct importing *in, const char *text,
        size_t length, struct line *line)
{
	const char *comma = memchr(text, ',', length);
	const char *end = text + length;

	if (count_commas(text, length) < FIELDS + 1 ||
	        !read_number(text, (size_t)(comma - text), 0, SECONDS_MOST,
	                &line->time_s))
		return reject_field(in, "line", text, length,
		        "seven fields: timestamp,key,key size,value size,"
		        "client,operation,TTL with a time in seconds");
	line->key = comma + 1;
	for (int field = TTL; field >= KEY_SIZE; field--) {
		const char *before =
		        memrchr(line->key, ',', (size_t)(end - line->key));
		int failed = read_field(in, (enum field)field, before + 1,
		        (size_t)(end - before - 1), line);

		if (failed)
			return failed;
		end = before;
	}
	line->key_length = (size_t)(end - line->key);
	return is_key(line->key, line->key_length)
	               ? 0
	               : reject_field(in, "key", line->key, line->key_length,
	                         "1 to 1024 bytes without control "
	                         "characters");
}

static int find_key(
        struct importing *in, const struct line *line, uint32_t *number)
{
	size_t old_room = in->key_room;
	int failed = rm_dictionary_number(
	        &in->names, line->key, line->key_length, number);
	struct key *keys;

	if (failed)
		return failed;
	keys = rm_trace_grow(
	        in->keys, in->names.count, &in->key_room, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	memset(keys + old_room, 0, (in->key_room - old_room) * sizeof(*keys));
	in->keys = keys;
	if (!keys[*number].size) {
		keys[*number].size = line->key_size;
		in->stats->renamed += line->key_length > line->key_size;
	}
	return 0;
}

/* Makes a key of the required size in in->name. Pads a shorter text with NULs,
   which no key contains. Replaces a longer text by the byte RENAMED and the
   key's number. Returns -EINVAL if the size is too small for the number. */
static int set_name(struct importing *in, uint32_t number)
{
	const struct rm_dictionary_key *text = &in->names.keys[number];
	size_t size = in->keys[number].size;

	memset(in->name, 0, size);
	if (text->length <= size) {
		memcpy(in->name, in->names.bytes + text->at, text->length);
		return 0;
	}
	in->name[0] = RENAMED;
	for (size_t at = 1; number || at == 1; at++, number /= 64) {
		if (at >= size)
			return reject_field(in, "key",
			        in->names.bytes + text->at, text->length,
			        "a key size that fits its number, 7 bytes are "
			        "enough");
		in->name[at] = (char)('0' + number % 64);
	}
	return 0;
}

/* Adds one operation to the resulting trace. */
static int add(struct importing *in, uint32_t number, enum rm_trace_word word,
        uint64_t value_size)
{
	struct rm_trace_line line = {
		.word = word, .key = in->name, .length = in->keys[number].size
	};
	const char *why = NULL;
	int failed = set_name(in, number);

	if (failed)
		return failed;
	if (word == RM_TRACE_SET) {
		line.value = in->value;
		line.value_length = value_size;
	}
	failed = rm_trace_add(in->building, &line, &why);
	if (failed == -EINVAL)
		rm_error_set(in->error, failed, "%s:%" PRIu64 ": %s", in->file,
		        in->line, why);
	return failed;
}

static bool earlier(const struct expiry *a, const struct expiry *b)
{
	return a->at_s != b->at_s ? a->at_s < b->at_s : a->turn < b->turn;
}

static void swap_expiries(struct expiry *a, struct expiry *b)
{
	struct expiry kept = *a;

	*a = *b;
	*b = kept;
}

static int note_expiry(struct importing *in, uint32_t number, uint64_t at_s)
{
	struct expiry *heap = rm_trace_grow(
	        in->heap, in->waiting + 1, &in->heap_room, sizeof(*heap));
	size_t at = in->waiting;

	if (!heap)
		return -ENOMEM;
	in->heap = heap;
	heap[in->waiting++] = (struct expiry){ at_s, in->turns++, number,
		in->keys[number].writes };
	for (; at && earlier(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap_expiries(&heap[at], &heap[(at - 1) / 2]);
	return 0;
}

static struct expiry take_earliest(struct importing *in)
{
	struct expiry *heap = in->heap, first = heap[0];
	size_t at = 0;

	heap[0] = heap[--in->waiting];
	for (;;) {
		size_t next = 2 * at + 1;

		if (next + 1 < in->waiting &&
		        earlier(&heap[next + 1], &heap[next]))
			next++;
		if (next >= in->waiting || !earlier(&heap[next], &heap[at]))
			return first;
		swap_expiries(&heap[at], &heap[next]);
		at = next;
	}
}

/* Removes the keys that have expired and were not written or removed
   meanwhile. */
static int expire(struct importing *in)
{
	while (in->waiting && in->heap[0].at_s <= in->now_s) {
		struct expiry first = take_earliest(in);
		struct key *key = &in->keys[first.key];
		int failed;

		if (key->state != THERE || key->writes != first.write)
			continue;
		failed = add(in, first.key, RM_TRACE_DEL, 0);
		if (failed)
			return failed;
		key->state = GONE;
		in->stats->expired++;
	}
	return 0;
}

/* Adds the operations of a line. A key that occurs first in a read, or in a
   write that changes a present key, counts as present before. A key that occurs
   first in set or add counts as new. */
static int apply_line(struct importing *in, const struct line *line)
{
	const struct operation *op = line->operation;
	enum rm_trace_word word = op->there;
	uint32_t number;
	int failed = find_key(in, line, &number);
	struct key *key;

	if (failed)
		return failed;
	key = &in->keys[number];
	if (key->state == GONE ||
	        (key->state == UNSEEN && op->absent == RM_TRACE_SET))
		word = op->absent;
	in->stats->conditional +=
	        word == RM_TRACE_GET && op->there != op->absent;
	failed = add(in, number, word, line->value_size);
	if (failed || (word == RM_TRACE_GET && key->state == GONE))
		return failed;
	key->state = word == RM_TRACE_DEL ? GONE : THERE;
	if (word != RM_TRACE_SET || !op->sets_ttl)
		return 0;
	key->writes++;
	return line->ttl_s ? note_expiry(in, number, in->now_s + line->ttl_s)
	                   : 0;
}

static int import_line(struct importing *in, const char *text, size_t length)
{
	struct line line = { .operation = operations }; /* read_line() sets the
	                                                   operation */
	int failed = read_line(in, text, length, &line);

	if (failed)
		return failed;
	if (line.time_s < in->now_s)
		return reject_field(in, "timestamp", text, length,
		        "a time not before that of the previous line: sort -s "
		        "-n -t, -k1,1");
	in->now_s = line.time_s;
	failed = expire(in);
	if (!failed)
		failed = apply_line(in, &line);
	return failed;
}

static int import_lines(struct importing *in, const char *text, size_t length)
{
	const char *end = text + length;

	in->line = 1;
	if (!length)
		return reject_field(in, "file", "", 0, "at least one line");
	for (; text < end; in->line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		int failed;

		if (!newline)
			return reject_field(in, "last line", text,
			        (size_t)(end - text),
			        "a newline at its end: the file was cut");
		failed = import_line(in, text, (size_t)(newline - text));
		if (failed)
			return failed;
		text = newline + 1;
		in->stats->lines++;
	}
	return 0;
}

int rm_trace_parse_twitter(const char *file, const char *text, size_t length,
        struct rm_trace *trace, struct rm_trace_import_stats *imported,
        struct rm_error *error)
{
	struct rm_trace_builder building = { .trace = trace };
	struct importing in = { .file = file,
		.building = &building,
		.stats = imported,
		.error = error,
		.value = malloc(RM_TRACE_VALUE_MAX) };
	int failed = in.value ? 0 : -ENOMEM;

	*trace = (struct rm_trace){ 0 };
	*imported = (struct rm_trace_import_stats){ 0 };
	if (!failed) {
		memset(in.value, 'v', RM_TRACE_VALUE_MAX);
		failed = import_lines(&in, text, length);
	}
	if (!failed)
		failed = rm_trace_finish(&building);
	if (failed == -ENOMEM)
		rm_error_set(error, failed, "%s: out of memory", file);
	rm_dictionary_clear(&in.names);
	free(in.keys);
	free(in.heap);
	free(in.value);
	free(building.states);
	return failed;
}

int rm_trace_import_twitter(const char *file, struct rm_trace *trace,
        struct rm_trace_import_stats *imported, struct rm_error *error)
{
	FILE *in = rm_file_open(file);
	char *text = NULL;
	size_t length = 0;
	int failed =
	        in ? rm_file_read(in, RM_INPUT_MAX, &text, &length) : -errno;

	*trace = (struct rm_trace){ 0 };
	if (failed)
		rm_error_set(error, failed,
		        "%s: %s, expected a cache trace of Twitter "
		        "(docs/reference/traces.md)",
		        file, rm_file_reason(failed));
	else
		failed = rm_trace_parse_twitter(
		        file, text, length, trace, imported, error);
	free(text);
	if (in)
		fclose(in);
	return failed;
}
