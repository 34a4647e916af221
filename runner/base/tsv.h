/* SPDX-License-Identifier: Apache-2.0 */
/* tsv.h - reads tables of tab-separated text. */
#ifndef RM_TSV_H
#define RM_TSV_H

#include "runner/base/error.h"

#include <stdbool.h>

enum { RM_TSV_COLUMNS_MAX = 12 };

/* Handles one line. `where` is "name:line"; missing fields at the end are "".
   The fields point into `copy` of rm_tsv_read(). Returns 0, or -errno with
   `error`, which ends reading. */
typedef int rm_tsv_line_fn(void *context, char *const *field, const char *where,
        struct rm_error *error);

/*
 * Calls `take` for each line of `text`, except empty lines and lines that start
 * with #.
 *
 * name     name of the table in messages
 * columns  at most RM_TSV_COLUMNS_MAX; the last field may be missing, because
 *          editors remove trailing tabs
 * copy     out: the text that the fields point into; free() it. NULL on error
 *
 * Returns 0; -EINVAL with "name:line: found, expected"; the nonzero result of
 * `take`; -ENOMEM.
 */
int rm_tsv_read(const char *text, const char *name, unsigned columns,
        rm_tsv_line_fn *take, void *context, char **copy,
        struct rm_error *error);

/* True if the comma-separated list contains `name`. */
bool rm_tsv_list_has(const char *list, const char *name);

#endif /* RM_TSV_H */
