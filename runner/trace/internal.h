/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - private header, shared by the files of this module.
 *
 * Files call each other in one direction: record.c and play.c call trace.c,
 * which calls text.c and binary.c. Both of these and twitter.c call building.c,
 * which calls dictionary.c.
 */
#ifndef RM_TRACE_INTERNAL_H
#define RM_TRACE_INTERNAL_H

#include "runner/trace/trace.h"

/* --- dictionary.c --- */

/* Hashes a key's bytes. The hash is the same on every machine. */
uint64_t rm_dictionary_hash(const char *key, size_t length);

/* Stores the number of a key. A new key gets the next number. At most 2^32 - 2
   keys are possible. Returns 0 or -ENOMEM. */
int rm_dictionary_number(struct rm_dictionary *dictionary, const char *key,
        size_t length, uint32_t *number);

/* Renumbers the keys: key i gets number[i]. No key can be added afterwards.
   Returns 0 or -ENOMEM. */
int rm_dictionary_renumber(
        struct rm_dictionary *dictionary, const uint32_t *number);

void rm_dictionary_clear(struct rm_dictionary *dictionary);

/* Grows an array to at least `needed` items of `size` bytes. Returns the array,
   which may have moved; `*room` receives its capacity. NULL: out of memory, and
   the old array remains valid. */
void *rm_trace_grow(void *items, size_t needed, size_t *room, size_t size);

/* --- building.c: builds a trace line by line --- */

/* Operation of a line. Its text form, such as "get ", is in rm_trace_words. */
enum rm_trace_word { RM_TRACE_GET, RM_TRACE_SET, RM_TRACE_DEL, RM_TRACE_HAS };
extern const char rm_trace_words[][5];

struct rm_trace_line {
	enum rm_trace_word word;
	const char *key, *value; /* NULL: no value; only sets may have one */
	size_t length, value_length;
};

struct rm_trace_builder {
	struct rm_trace *trace;
	size_t entry_room, written_room;
	uint8_t *states; /* indexed by key number, see building.c; owned */
	size_t state_room;
	bool lists_initial; /* the file has a `has` line */
};

/*
 * Adds one line. Returns 0, -ENOMEM, or -EINVAL and sets `why` to a constant
 * string that describes the fault without its position.
 */
int rm_trace_add(struct rm_trace_builder *building,
        const struct rm_trace_line *line, const char **why);

/* Ends the trace: replaces key numbers by ranks, and sets the derived members.
   Returns 0 or -ENOMEM. The caller still owns building->states. */
int rm_trace_finish(struct rm_trace_builder *building);

/* Returns the line of an entry. `*sets` is the number of sets so far. */
struct rm_trace_line rm_trace_line_of(
        const struct rm_trace *trace, uint32_t entry, uint64_t *sets);

/* --- the two forms: text.c, binary.c --- */

/* Parses either form. `file` is the name for messages. Returns the same as
   rm_trace_load(). */
int rm_trace_parse(const char *file, const char *bytes, size_t length,
        struct rm_trace *trace, struct rm_error *error);

/* Parse one of the forms. Return 0, or -errno with `error`. */
int rm_trace_parse_text(const char *file, const char *text, size_t length,
        struct rm_trace_builder *building, struct rm_error *error);
int rm_trace_parse_binary(const char *file, const char *bytes, size_t length,
        struct rm_trace_builder *building, struct rm_error *error);

/* --- twitter.c: rm_trace_import_twitter(), for bytes in memory --- */

int rm_trace_parse_twitter(const char *file, const char *text, size_t length,
        struct rm_trace *trace, struct rm_trace_import_stats *imported,
        struct rm_error *error);

void rm_trace_write_set(FILE *out, const struct rm_trace_line *line);

/* First bytes of the binary form. No text can begin with the first byte. */
#define RM_TRACE_MAGIC "\x89rmtrace"
enum { RM_TRACE_MAGIC_BYTES = 8, RM_TRACE_VERSION = 2 };

/* Writes a number as decimal text and returns its length. */
enum { RM_TRACE_DECIMAL_BYTES = 24 };
size_t rm_trace_decimal(uint64_t key, char text[RM_TRACE_DECIMAL_BYTES]);

#endif /* RM_TRACE_INTERNAL_H */
