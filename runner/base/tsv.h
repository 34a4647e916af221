/* SPDX-License-Identifier: Apache-2.0 */
/* tsv.h - a table of tab-separated text: its lines, cut into fields. */
#ifndef RM_TSV_H
#define RM_TSV_H

#include "runner/base/error.h"

#include <stdbool.h>

enum { RM_TSV_COLUMNS_MAX = 12 };

/* Takes one line. `where` is "name:line"; the fields of the columns that are
   missing at its end are "". Returns 0, or -errno with an error: reading ends.
   The fields live as long as the copy that rm_tsv_read() gives. */
typedef int rm_tsv_take(void *context, char *const *field, const char *where,
        struct rm_error *error);

/*
 * Hands each line of `text` to `take`; empty ones and those that begin with #
 * are left out.
 *
 * name     what messages call the table
 * columns  at most RM_TSV_COLUMNS_MAX; the last may be missing, because
 *          editors take a tab at the end of a line away
 * copy     out: the text that the fields point into; free() it. NULL on error
 *
 * Returns 0; -EINVAL with "name:line: what, and what was expected"; what
 * `take` returned; -ENOMEM.
 */
int rm_tsv_read(const char *text, const char *name, unsigned columns,
        rm_tsv_take *take, void *context, char **copy, struct rm_error *error);

/* Is `name` one of the field "a,b,c"? */
bool rm_tsv_list_has(const char *list, const char *name);

#endif /* RM_TSV_H */
