/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - reads files of /proc, /sys and /dev.
 *
 * The environment variable RM_SYSFS=DIR is prepended to every path, so that
 * tests can simulate another machine (DIR/proc/cpuinfo, DIR/sys/...).
 */
#ifndef RM_HOST_H
#define RM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The value of RM_SYSFS; "" on the real machine. */
const char *rm_host_root(void);

/* Writes root + path to `out`. Returns 0 or -ENAMETOOLONG. */
int rm_host_path(const char *path, char *out, size_t size);

/* Opens root + path for reading, close-on-exec; NULL with errno, like
   fopen(). */
FILE *rm_host_open(const char *path);

/*
 * Reads the first line, without its newline, into `text`. Returns its length
 * (0 .. size - 1) or -errno: -ENOENT: no such file, -EACCES: no permission.
 */
int rm_host_read(const char *path, char *text, size_t size);

/* True if this kernel clock source is a CPU counter. The vDSO reads such a
   clock without a system call. */
bool rm_host_clock_is_counter(const char *source);

/* Reads a decimal integer. Returns 0 or -errno (-EINVAL: not a number). */
int rm_host_read_long(const char *path, long *value);

/* True if a kernel list like "0-3,8,10-11" contains `cpu`. A malformed list
   contains no CPU. */
bool rm_host_list_has(const char *list, unsigned cpu);

/* Stores the path of a file that is in the folder of this program. Returns
   `path`. A path that is too long is truncated, and such a file does not
   exist. */
const char *rm_host_sibling_path(const char *name, char *path, size_t size);

/* Stores the path of a file or folder of the source tree, such as "report":
   next to this program if it was installed with `make install`, otherwise
   `name` itself, relative to the current folder. Returns `path`. */
const char *rm_host_shared_path(const char *name, char *path, size_t size);

#endif /* RM_HOST_H */
