/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of verify/history share and nobody else needs:
 * kinds of operations by what they do, arrays, sorting, mistakes with their
 * place, words, and the readers of each format.
 */
#ifndef RM_HISTORY_INTERNAL_H
#define RM_HISTORY_INTERNAL_H

#include "verify/history/history.h"

/* Whether it changes nothing, whatever it is answered. */
static inline bool rm_kind_reads(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_LENGTH ||
	       kind == RM_HISTORY_SCAN;
}

/* Whether `expected` is the value that it is done for. */
static inline bool rm_kind_compares(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_COMPARE_SWAP ||
	       kind == RM_HISTORY_COMPARE_REMOVE;
}

/* Whether it can make an absent key present. */
static inline bool rm_kind_inserts(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_UPSERT || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_APPEND || kind == RM_HISTORY_INSERT_IF_ABSENT;
}

/* Whether it leaves `value` itself where it takes effect; append does not. */
static inline bool rm_kind_writes(enum rm_history_kind kind)
{
	return kind != RM_HISTORY_APPEND &&
	       (rm_kind_inserts(kind) || kind == RM_HISTORY_COMPARE_SWAP);
}

/* Whether it takes the key out where it takes effect. */
static inline bool rm_kind_removes(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_REMOVE || kind == RM_HISTORY_TAKE ||
	       kind == RM_HISTORY_COMPARE_REMOVE || kind == RM_HISTORY_CLEAR;
}

/* Names a key or a value, each once; what has a name is shown by it. */
int rm_history_name_key(
        struct rm_history *history, uint64_t key, const char *text);
int rm_history_name_value(
        struct rm_history *history, uint64_t value, const char *text);

/*
 * Makes room for `more` entries behind the `count` of the array that *array_at
 * points to, moving it if need be; *room is raised. Doubles, so that adding is
 * linear in all. 0, or -ENOMEM and the array is as it was.
 */
int rm_array_grow(void *array_at, size_t count, size_t *room, size_t more,
        size_t entry_bytes);

/* The place of a word among `count`; `count` where it is none of them. */
unsigned rm_word_place(
        const char *const *words, unsigned count, const char *word);

/* A time, its ends included. */
struct rm_span {
	uint64_t from, to;
};

/* For qsort(): by `from`. */
int rm_span_by_from(const void *left, const void *right);

/* Something that happened at a stamp, by its place in an array. */
struct rm_stamped {
	uint64_t stamp;
	size_t place;
};

/* For qsort(): by stamp, equal ones by place, so that the order is one. */
int rm_stamped_by_stamp(const void *left, const void *right);

/* Where in a text a reader is, and whom it tells. */
struct rm_text_place {
	const char *file;
	unsigned line; /* from 1 */
	struct rm_error *error;
};

/* Sets the error "file:line: what, and what was expected", in one line
   whatever of the input it quotes. Returns -EINVAL. */
int rm_text_mistake(const struct rm_text_place *place, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* What `there` means as an answer of this kind: "absent", "inserted", ... */
const char *rm_words_there(enum rm_history_kind kind, bool there);

/* Takes away what a cut has left of a last character in UTF-8: JSON has whole
   ones only. */
void rm_words_end_whole(char *text);

/* A key, a value by its name, or its number (hexadecimal from 10^9 on);
   `plain`: a count, always decimal. Cut where it does not fit. */
void rm_words_key(const struct rm_history *history, uint64_t key, char *text,
        size_t size);
void rm_words_value(const struct rm_history *history, uint64_t value,
        bool plain, char *text, size_t size);

/* "upsert 7 = 3", "compare_swap 7: 3 -> 4", "scan". */
void rm_words_ask(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size);

/* "absent", "3", "replaced 3", "2 entries", "(runs)". */
void rm_words_answer(const struct rm_history *history,
        const struct rm_history_event *event, char *text, size_t size);

/*
 * Reads a history from `length` bytes of `text`; `file` is for messages.
 * `history` is zero or reset, and holds what was read. Returns 0; -EINVAL
 * with `error` "file:line: what, and what was expected"; -ENOMEM.
 */
int rm_history_read(const char *file, const char *text, size_t length,
        enum rm_history_format format, struct rm_history *history,
        struct rm_error *error);

/* The same of one format each: JSON lines, where event i is on line i + 2;
   Jepsen's and Porcupine's EDN, and Porcupine's logs of etcd, whose stamps
   are the places of the lines. */
int rm_jsonl_read(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);
int rm_import_edn(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);
int rm_import_etcd(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);

#endif /* RM_HISTORY_INTERNAL_H */
