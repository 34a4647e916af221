/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - files that a person names: opened, and all of one at once. */
#ifndef RM_FILE_H
#define RM_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What recorded operations or histories may take at most: far above any that
   a search or a trial could use, and below what ends a machine. */
static const size_t RM_INPUT_MAX = (size_t)4 << 30;

/*
 * Opens a regular file for reading, close-on-exec, without waiting. NULL and
 * errno as of open(2); EISDIR: a directory; ENODEV: another thing that is no
 * regular file and need not end.
 */
FILE *rm_file_open(const char *file);

/* What a person is told of -errno of rm_file_open() and rm_file_read(). */
const char *rm_file_reason(int failed);

/*
 * Reads what is left of `in` into *text: *length bytes and a NUL behind them,
 * owned by the caller (free). `in` stays open. A signal does not end it.
 *
 * most  bytes that are accepted; SIZE_MAX: any number
 * Returns 0; else *text is NULL: -EFBIG: more than `most`; -ENOMEM; -errno of
 * the read (-EISDIR: a folder).
 */
int rm_file_read(FILE *in, size_t most, char **text, size_t *length);

#endif /* RM_FILE_H */
