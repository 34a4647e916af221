/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of this room share.
 *
 * One direction of calls: record.c and play.c to trace.c, that to text.c and
 * binary.c, they and twitter.c to building.c, that to dictionary.c.
 */
#ifndef RM_TRACE_INTERNAL_H
#define RM_TRACE_INTERNAL_H

#include "runner/trace/trace.h"

/* --- dictionary.c --- */

/* Hash of a key's bytes, the same on every machine. */
uint64_t rm_dictionary_hash(const char *key, size_t length);

/* The number of a key, a new one if it is new. 0 or -ENOMEM. At most 2^32 - 2
   keys. */
int rm_dictionary_number(struct rm_dictionary *dictionary, const char *key,
        size_t length, uint32_t *number);

/* Renumbers: key i becomes number[i]. 0 or -ENOMEM. No more can be added. */
int rm_dictionary_renumber(
        struct rm_dictionary *dictionary, const uint32_t *number);

void rm_dictionary_clear(struct rm_dictionary *dictionary);

/* An array with room for `needed` items of `size` bytes; the old one moves and
   `*room` grows. NULL without memory: the old one stays. */
void *rm_trace_grown(void *items, size_t needed, size_t *room, size_t size);

/* --- building.c: a trace that is being read --- */

/* What a line or a record says; their words in the text form ("get "). */
enum rm_trace_word { RM_TRACE_GET, RM_TRACE_SET, RM_TRACE_DEL, RM_TRACE_HAS };
extern const char rm_trace_words[][5];

struct rm_trace_line {
	enum rm_trace_word word;
	const char *key, *value; /* NULL: no value, as of all but sets */
	size_t length, value_length;
};

struct rm_trace_building {
	struct rm_trace *trace;
	size_t entry_room, written_room;
	uint8_t *states; /* by number, see building.c; owned */
	size_t state_room;
	bool has; /* there was a `has` */
};

/*
 * Adds one line. 0; -ENOMEM; else -EINVAL and `why` says what is wrong
 * without the place (a constant).
 */
int rm_trace_add(struct rm_trace_building *building,
        const struct rm_trace_line *line, const char **why);

/* After the last one: numbers become ranks, and what the trace tells of itself
   is filled in. 0 or -ENOMEM. building->states remains the caller's. */
int rm_trace_finish(struct rm_trace_building *building);

/* The line that an entry was read from; `*sets` counts those that went by. */
struct rm_trace_line rm_trace_line_of(
        const struct rm_trace *trace, uint32_t entry, uint64_t *sets);

/* --- the two forms: text.c, binary.c --- */

/* Either, from `length` bytes; `file` is its name. As rm_trace_load(). */
int rm_trace_parse(const char *file, const char *bytes, size_t length,
        struct rm_trace *trace, struct rm_error *error);

/* The two; 0 or a negative errno with `error`. */
int rm_trace_parse_text(const char *file, const char *text, size_t length,
        struct rm_trace_building *building, struct rm_error *error);
int rm_trace_parse_binary(const char *file, const char *bytes, size_t length,
        struct rm_trace_building *building, struct rm_error *error);

/* --- twitter.c: rm_trace_import_twitter() of bytes in memory --- */

int rm_trace_parse_twitter(const char *file, const char *text, size_t length,
        struct rm_trace *trace, struct rm_trace_imported *imported,
        struct rm_error *error);

/* One set with its value. */
void rm_trace_put_text(FILE *out, const struct rm_trace_line *line);

/* Binary: first byte, no letter of a text; the magic; the version. */
#define RM_TRACE_MAGIC "\x89rmtrace"
enum { RM_TRACE_MAGIC_BYTES = 8, RM_TRACE_VERSION = 2 };

/* A number's decimal text; its length. */
enum { RM_TRACE_DECIMAL_BYTES = 24 };
size_t rm_trace_decimal(uint64_t key, char text[RM_TRACE_DECIMAL_BYTES]);

#endif /* RM_TRACE_INTERNAL_H */
