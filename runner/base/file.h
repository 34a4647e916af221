/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - all of a file or stream at once. */
#ifndef RM_FILE_H
#define RM_FILE_H

#include <stddef.h>
#include <stdio.h>

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
