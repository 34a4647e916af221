/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - opens files named by a user, and reads whole files. */
#ifndef RM_FILE_H
#define RM_FILE_H

#include "runner/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Maximum size of a file with operations or a history. Such a file fits into
   the memory of most machines. */
static const size_t RM_INPUT_MAX = (size_t)4 << 30;

/* Opens a regular file for reading, close-on-exec, without blocking. NULL with
   errno from open(2); EISDIR for a directory; ENODEV for other files that are
   not regular, since they may never end. */
FILE *rm_file_open(const char *file);

/* Message for an -errno from the functions in this file. */
const char *rm_file_reason(int failed);

/* Message for an -errno of a write: the reason and the next step. */
const char *rm_write_reason(int failed);
#define RM_FILE_SIZE_ADVICE                                              \
	"the limit is ulimit -f (size of files): start in a shell with " \
	"`ulimit -f unlimited`"

/* Returns -errno with `error` if a symbolic link in the path has no target,
   otherwise 0. The error contains the link, its target and the next step. */
int rm_path_check_links(const char *path, struct rm_error *error);

/*
 * Reads the rest of `in` into *text: *length bytes and a NUL; free() it. `in`
 * stays open. Retries if a signal interrupts it.
 *
 * most  maximum size in bytes; SIZE_MAX: no limit
 * Returns 0. On error *text is NULL: -EFBIG: more than `most`; -ENOMEM; -errno
 * from read() (-EISDIR: a directory); a value below all -errno for a compressed
 * file, which rm_file_reason() names.
 */
int rm_file_read(FILE *in, size_t most, char **text, size_t *length);

/* Flushes a written file. Returns 0; -errno if any of its bytes was lost. */
int rm_file_flush(FILE *out);

/*
 * Makes an empty folder for temporary files in $TMPDIR. Uses /tmp if TMPDIR is
 * not set or its path has more than `longest` bytes. The caller removes it.
 *
 * path  receives the folder's path, "" after an error; `size` bytes
 * Returns 0 or -errno with `error`, which names the folder and the next step.
 */
int rm_file_temporary_folder(
        size_t longest, char *path, size_t size, struct rm_error *error);

/* Checks that a program may be executed and has all sections of its ELF file. A
   shell would run an empty file with status 0. Does not check scripts, and
   programs without read permission. Returns 0; -ENOEXEC: empty, truncated or
   not a program; -EOPNOTSUPP: the file system is mounted noexec; -errno of
   access(2): -EACCES, -ENOENT. */
int rm_program_check(const char *path);
/* Like rm_program_check(), but for a library, which must be readable. dlopen(3)
   of a truncated library would raise SIGBUS. */
int rm_library_check(const char *path);

#endif /* RM_FILE_H */
