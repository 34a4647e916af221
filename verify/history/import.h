/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - imports histories of other projects: parses the EDN that they use,
 * and assigns numbers to their keys and values. Inside verify/history only.
 */
#ifndef RM_HISTORY_IMPORT_H
#define RM_HISTORY_IMPORT_H

#include "verify/history/internal.h"

enum rm_edn_kind {
	RM_EDN_NIL,
	RM_EDN_INTEGER, /* text: its digits, with a sign */
	RM_EDN_STRING,  /* text: between the quotes, unescaped */
	RM_EDN_KEYWORD, /* text: without the colon */
	RM_EDN_OTHER,   /* symbol, true, 1.5, \c: text as written */
	RM_EDN_LIST,    /* (..), [..] */
	RM_EDN_SET,     /* #{..} */
	RM_EDN_MAP      /* {..}: alternating keys and values */
};

struct rm_edn {
	enum rm_edn_kind kind;
	unsigned line;
	char *text;           /* text of an atom; owned */
	struct rm_edn *items; /* `count` items of a container; owned */
	size_t count;
};

struct rm_edn_reader {
	struct rm_text_place place; /* line number of `at` */
	const char *at, *end;
};

/*
 * Reads the next value; skips comments, #_discarded values and tags. Returns 1
 * with the value (rm_edn_clear() it), 0 at the end of the text, -EINVAL with
 * the error "file:line: ...", or -ENOMEM.
 */
int rm_edn_read(struct rm_edn_reader *reader, struct rm_edn *value);

/* Returns the value of a keyword in a map, or NULL. */
const struct rm_edn *rm_edn_get(const struct rm_edn *map, const char *keyword);

/* True if the value is this keyword. */
bool rm_edn_is_keyword(const struct rm_edn *value, const char *keyword);

void rm_edn_clear(struct rm_edn *value);

struct rm_import_numbers {
	uint64_t *numbers; /* index plus 1; 0: none */
	size_t size, count;
};

struct rm_import_open; /* an operation that has not completed, see import.c */

/* The caller zero-initialises the members after `history`. */
struct rm_import {
	struct rm_text_place place; /* the current line */
	struct rm_history *history;
	struct rm_import_open *open;
	size_t open_count, open_room;
	struct rm_import_numbers keys, values;
	/* the current stamp, which is the number of lines so far */
	uint64_t now;
	uint32_t threads;
	/* true: values are texts that can be joined and start as "" */
	bool texts;
	bool fail_answers; /* :fail of :cas is "not swapped", not "not done" */
};

/* Computes the number of a key or a value; adds a name for it if it is not an
   integer. Returns 0, -EINVAL (with the error) or -ENOMEM. */
int rm_import_key(
        struct rm_import *import, const struct rm_edn *edn, uint64_t *number);
int rm_import_value(
        struct rm_import *import, const struct rm_edn *edn, uint64_t *number);

/* Returns the factor by which append multiplies a text's number to join `text`
   to it. */
uint64_t rm_import_factor(const char *text);

#endif /* RM_HISTORY_IMPORT_H */
