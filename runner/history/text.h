/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - histories as text: JSON lines both ways, and a time line. */
#ifndef RM_HISTORY_TEXT_H
#define RM_HISTORY_TEXT_H

#include "runner/history/judge.h"

#include <stdio.h>

/* Version of the JSON lines; a reader refuses others. */
enum { RM_HISTORY_VERSION = 1 };

enum rm_history_format {
	RM_HISTORY_DETECT,    /* by the first line that says something */
	RM_HISTORY_JSONL,     /* docs/history-format.md */
	RM_HISTORY_JEPSEN,    /* EDN maps, one operation each */
	RM_HISTORY_PORCUPINE, /* its key-value test logs */
	RM_HISTORY_ETCD,      /* its logs of etcd: one register */
	RM_HISTORY_FORMATS
};

/* "detect", "jsonl", "jepsen", "porcupine", "etcd"; and back:
   RM_HISTORY_FORMATS for no such word. */
const char *rm_history_format_name(enum rm_history_format format);
enum rm_history_format rm_history_format_parse(const char *word);

/*
 * Reads a history from `length` bytes of `text`; `file` is for messages.
 * `history` is zero or reset, and holds what was read. Returns 0; -EINVAL
 * with `error` "file:line: what, and what was expected"; -ENOMEM.
 */
int rm_history_read(const char *file, const char *text, size_t length,
        enum rm_history_format format, struct rm_history *history,
        struct rm_error *error);

/* The same from a file, or from standard input where `file` is "-"; also
   -errno where it cannot be read. */
int rm_history_load(const char *file, enum rm_history_format format,
        struct rm_history *history, struct rm_error *error);

/* Writes the history as JSON lines, events in the order of `invoked`.
   Returns 0, -EIO after an error of `out`, or -ENOMEM. */
int rm_history_write(FILE *out, const struct rm_history *history);

/*
 * Writes what is wrong for a person: one lane per thread, time downward, the
 * offending operation marked, and what was possible instead. Only for a
 * judgement that is BROKEN. Returns 0, -EIO or -ENOMEM.
 */
int rm_history_explain(FILE *out, const struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_TEXT_H */
