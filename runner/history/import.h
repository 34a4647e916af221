/* SPDX-License-Identifier: Apache-2.0 */
/* import.h - histories of other projects. Inside runner/history only. */
#ifndef RM_HISTORY_IMPORT_H
#define RM_HISTORY_IMPORT_H

#include "runner/history/edn.h"
#include "runner/history/history.h"

/* As rm_history_read() of text.h: Jepsen's and Porcupine's EDN, and
   Porcupine's logs of etcd. Stamps are the places of the lines. */
int rm_import_edn(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);
int rm_import_etcd(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);

/* For import_edn.c and import_etcd.c. */

/* An operation that was invoked and has not completed. */
struct rm_import_open {
	const char *f; /* the word of rm_import_line.f, static */
	uint64_t process;
	uint32_t thread; /* a new one after an operation of unknown end */
	unsigned line;
	bool open;
	struct rm_history_event event;
};

/* Numbers that have a name already. */
struct rm_import_seen {
	uint64_t *numbers; /* plus 1; 0: none */
	size_t size, count;
};

/* Zero-initialise the members after `history`. */
struct rm_import {
	const char *file;
	struct rm_error *error;
	struct rm_history *history;
	struct rm_import_open *open;
	size_t open_count, open_room;
	struct rm_import_seen keys, values;
	uint64_t now; /* stamp of the last line */
	uint32_t threads;
	bool texts; /* values are texts that can be joined; keys start as "" */
	bool fail_answers; /* :fail of :cas is "not swapped", not "not done" */
};

/* One line of a log. */
struct rm_import_line {
	unsigned line;
	const struct rm_edn *process, *type, *f, *key, *value;
};

/* Takes one line: an operation begins or ends. key NULL: :value is the value,
   or [key value]. 0, -EINVAL with the error, -ENOMEM. */
int rm_import_take(struct rm_import *import, const struct rm_import_line *line);

/* Adds the operations that never ended. Frees what `import` holds, whatever
   `failed` is. Returns `failed`, or -ENOMEM. */
int rm_import_end(struct rm_import *import, int failed);

/* The number of a key or a value, named where it is not its own number.
   0, -EINVAL (with the error) or -ENOMEM. */
int rm_import_key(struct rm_import *import, unsigned line,
        const struct rm_edn *edn, uint64_t *number);
int rm_import_value(struct rm_import *import, unsigned line,
        const struct rm_edn *edn, uint64_t *number);

/* What append multiplies the number of a text by to join `text` to it. */
uint64_t rm_import_factor(const char *text);

/* rm_error_set with the place in front; returns -EINVAL. */
int rm_import_mistake(struct rm_import *import, unsigned line,
        const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* RM_HISTORY_IMPORT_H */
