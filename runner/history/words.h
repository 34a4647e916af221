/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - an operation and its answer in a few words. Inside
   runner/history only. */
#ifndef RM_HISTORY_WORDS_H
#define RM_HISTORY_WORDS_H

#include "runner/history/history.h"

/* What `there` means as an answer of this kind: "absent", "inserted", ... */
const char *rm_words_there(enum rm_history_kind kind, bool there);

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

#endif /* RM_HISTORY_WORDS_H */
