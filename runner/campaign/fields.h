/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - which members a JSON object must have, as a table. */
#ifndef RM_FIELDS_H
#define RM_FIELDS_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * One member that must be there, and of the right type.
 *
 * path   names joined by '.'; "[]" after a name: of each element of that
 *        array; "a.b" is checked only where "a" is an object, "a[].b" where
 *        "a" is an array: list "a" itself to demand it
 * types  letters of what it may be: o object, a array, s string, S string
 *        that is not empty, i integer >= 0, I integer, n number, b boolean,
 *        0 null; - first: may also be missing
 */
struct rm_field {
	const char *path;
	const char *types;
};

/* Where a wrong member is: "cells[3].blocks". */
enum { RM_FIELD_PATH_BYTES = 256 };

/* Called for each member that is wrong; `where` is its path with indexes,
   `what` says what is wrong and what was expected. */
typedef void rm_field_fn(void *context, const char *where, const char *what);

/* Checks `json` against a table of `count` fields; returns how many are
   wrong. `report` may be NULL. */
size_t rm_fields_check(const json_t *json, const struct rm_field *fields,
        size_t count, rm_field_fn *report, void *context);

#endif /* RM_FIELDS_H */
