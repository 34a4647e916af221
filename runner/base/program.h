/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - finds an executable and checks that its file is whole. A build
   cache, a full disk or an interrupted copy leaves empty or cut files; a shell
   runs an empty file with status 0, and a cut one ends by a signal. */
#ifndef RM_PROGRAM_H
#define RM_PROGRAM_H

#include <stddef.h>

/* 0 if `path` may be executed and is a script (#!) or an ELF file with all of
   its sections. -ENOEXEC: it is neither, or cut; -errno of open(2) and
   access(2). A program that may be executed but not read is not checked: 0. */
int rm_program_check(const char *path);

/* Message for -errno of the functions here, with the next step. */
const char *rm_program_reason(int failed);

/* Stores the path of `name`: itself if it has a slash, or the first executable
   file in PATH. 0, or -errno as above; -ENOENT: not found. */
int rm_program_find(const char *name, char *path, size_t size);

#endif /* RM_PROGRAM_H */
