/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_load.h - finds and judges the table of a shared library. */
#ifndef RM_FOREIGN_LOAD_H
#define RM_FOREIGN_LOAD_H

#include "runner/base/error.h"
#include "runner/foreign.h"

#include <errno.h>

/*
 * Loads `path` for good and copies its table, whole and checked; members that
 * the library does not know are null. Returns 0, or -EINVAL with `error`.
 */
int rm_foreign_read(
        const char *path, struct rm_foreign_map *table, struct rm_error *error);

#endif /* RM_FOREIGN_LOAD_H */
