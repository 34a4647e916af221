/* SPDX-License-Identifier: Apache-2.0 */
/* edn.h - reads EDN, the notation of Clojure's data, as far as histories use
   it. Inside runner/history only. */
#ifndef RM_HISTORY_EDN_H
#define RM_HISTORY_EDN_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum rm_edn_kind {
	RM_EDN_NIL,
	RM_EDN_INTEGER, /* text: its digits, with a sign */
	RM_EDN_STRING,  /* text: what is between the quotes, unescaped */
	RM_EDN_KEYWORD, /* text: without the colon */
	RM_EDN_OTHER,   /* symbol, true, 1.5, \c: text as written */
	RM_EDN_LIST,    /* (..), [..] */
	RM_EDN_SET,     /* #{..} */
	RM_EDN_MAP      /* {..}: keys and values by turns */
};

struct rm_edn {
	enum rm_edn_kind kind;
	unsigned line;
	char *text;           /* of atoms, owned */
	struct rm_edn *items; /* of containers, owned, `count` of them */
	size_t count;
};

/* A text that is read value by value. */
struct rm_edn_reader {
	const char *file; /* for messages */
	const char *at, *end;
	unsigned line; /* of `at`, from 1 */
	struct rm_error *error;
};

/*
 * Reads the next value; comments, #_discarded ones and tags are skipped.
 * Returns 1 and the value (rm_edn_clear() it), 0 at the end of the text,
 * -EINVAL with the error "file:line: ...", -ENOMEM.
 */
int rm_edn_read(struct rm_edn_reader *reader, struct rm_edn *value);

/* The value of a keyword in a map, or NULL. */
const struct rm_edn *rm_edn_get(const struct rm_edn *map, const char *keyword);

/* Whether it is this keyword. */
bool rm_edn_is(const struct rm_edn *value, const char *keyword);

void rm_edn_clear(struct rm_edn *value);

#endif /* RM_HISTORY_EDN_H */
