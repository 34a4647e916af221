/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - files that are whole or not there, and lines read back. */
#ifndef RM_FILES_H
#define RM_FILES_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { RM_PATH_BYTES = 4096 };

/* "DIR/NAME" into `path`; -ENAMETOOLONG with `error` where it does not fit. */
int rm_path_join(char path[RM_PATH_BYTES], const char *dir, const char *name,
        struct rm_error *error);

/*
 * Writes DIR/NAME so that after a crash at any moment it is the old file, or
 * all of the new one: a temporary file, fsync, rename, fsync of the folder.
 * Returns 0; -errno with `error` (path and the system's reason): then the old
 * file, if any, is untouched and the temporary one removed.
 */
int rm_file_replace(const char *dir, const char *name, const void *bytes,
        size_t size, struct rm_error *error);

/* Makes a folder and those above it; one that is there is fine. */
int rm_folder_make(const char *dir, struct rm_error *error);

/* Called per line, without its newline; `number` from 1. `is_torn`: the last
   one, which has no newline. Not 0 ends the reading and is returned. */
typedef int rm_line_fn(void *context, size_t number, const char *text,
        size_t size, bool is_torn);

/*
 * Reads a text file line by line. Returns 0; -errno with `error`; or what
 * `fn` returned.
 */
int rm_lines_read(const char *path, rm_line_fn *fn, void *context,
        struct rm_error *error);

#endif /* RM_FILES_H */
