/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - shared by the files of verify/history only: properties of kinds
 * of operations, arrays, comparison functions, errors with file and line,
 * formatting, and the readers of each format.
 */
#ifndef RM_HISTORY_INTERNAL_H
#define RM_HISTORY_INTERNAL_H

#include "verify/history/history.h"

/* True if the operation never changes the map, whatever its result. */
static inline bool rm_kind_reads(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_LENGTH ||
	       kind == RM_HISTORY_SCAN;
}

/* True if the operation needs `expected` to be the current value. */
static inline bool rm_kind_compares(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_COMPARE_SWAP ||
	       kind == RM_HISTORY_COMPARE_REMOVE;
}

/* True if the operation can make an absent key present. */
static inline bool rm_kind_inserts(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_UPSERT || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_APPEND || kind == RM_HISTORY_INSERT_IF_ABSENT;
}

/* True if the key has exactly `value` after the operation took effect, unlike
 * after append. */
static inline bool rm_kind_writes(enum rm_history_kind kind)
{
	return kind != RM_HISTORY_APPEND &&
	       (rm_kind_inserts(kind) || kind == RM_HISTORY_COMPARE_SWAP);
}

/* True if the operation removes the key when it takes effect. */
static inline bool rm_kind_removes(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_REMOVE || kind == RM_HISTORY_TAKE ||
	       kind == RM_HISTORY_COMPARE_REMOVE || kind == RM_HISTORY_CLEAR;
}

/* Sets the name of a key or a value, at most once each; the name is printed
 * instead of the
   number. */
int rm_history_name_key(
        struct rm_history *history, uint64_t key, const char *text);
int rm_history_name_value(
        struct rm_history *history, uint64_t value, const char *text);

/*
 * Makes space for `more` entries after the `count` ones in the array to which
 * *array_at points, moving it if needed, and raises *room. The size is doubled,
 * so the total cost of adding is linear. 0, or -ENOMEM with the array
 * unchanged.
 */
int rm_array_grow(void *array_at, size_t count, size_t *room, size_t more,
        size_t entry_bytes);

/* Returns the index of a word among `count` words, or `count` if it is not one
 * of them. */
unsigned rm_word_index(
        const char *const *words, unsigned count, const char *word);

/* A time interval, including its ends. */
struct rm_span {
	uint64_t from, to;
};

/* For qsort(): orders by `from`. */
int rm_span_compare(const void *left, const void *right);

/* The stamp of an array element. */
struct rm_stamped {
	uint64_t stamp;
	size_t place;
};

/* For qsort(): orders by stamp, then by index, which makes the order unique. */
int rm_stamped_compare(const void *left, const void *right);

struct rm_text_place {
	const char *file;
	unsigned line; /* line number, from 1 */
	struct rm_error *error;
};

/* Sets the error "file:line: found, expected X", as one line even if it quotes
   input. Returns -EINVAL. */
int rm_text_error(const struct rm_text_place *place, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Returns the meaning of `there` in the result of an operation of this kind:
 * "absent", "inserted", ... */
const char *rm_outcome_word(enum rm_history_kind kind, bool there);

/* Removes an incomplete UTF-8 character at the end of a truncated text, since
   JSON allows only complete ones. */
void rm_trim_partial_utf8(char *text);

/* Formats a key or a value: its name, or its number, in hexadecimal from 10^9.
   `plain`: a count, always decimal. Truncated to `size` bytes. */
void rm_format_key(const struct rm_history *history, uint64_t key, char *text,
        size_t size);
void rm_format_value(const struct rm_history *history, uint64_t value,
        bool plain, char *text, size_t size);

/* Formats a call: "upsert 7 = 3", "compare_swap 7: 3 -> 4", "scan". */
void rm_format_call(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size);

/* Formats a result: "absent", "3", "replaced 3", "2 entries", "(runs)". */
void rm_format_result(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size);

/*
 * Reads a history from `length` bytes of `text`; `file` is used in messages.
 * `history` must be zero or reset; it receives what was read. Returns 0;
 * -EINVAL with `error` "file:line: found, expected X"; or -ENOMEM.
 */
int rm_history_read(const char *file, const char *text, size_t length,
        enum rm_history_format format, struct rm_history *history,
        struct rm_error *error);

/* Each of these functions reads one format in the same way. In JSON lines,
   event i is on line i + 2. In Jepsen's and Porcupine's EDN and in Porcupine's
   logs of etcd, stamps are line numbers. */
int rm_jsonl_read(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);
int rm_import_edn(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);
int rm_import_etcd(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);

#endif /* RM_HISTORY_INTERNAL_H */
