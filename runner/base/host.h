/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - the few files of /proc, /sys and /dev that others depend on.
 *
 * Environment RM_SYSFS=DIR puts DIR in front of every path, so that a test can
 * play another machine (DIR/proc/cpuinfo, DIR/sys/...).
 */
#ifndef RM_HOST_H
#define RM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The root that is in force: "" on the real machine. */
const char *rm_host_root(void);

/* Writes root + path to `out`. Returns 0 or -ENAMETOOLONG. */
int rm_host_path(const char *path, char *out, size_t size);

/* Opens root + path for reading, close-on-exec; NULL and errno as fopen. */
FILE *rm_host_open(const char *path);

/*
 * Reads the first line, without its newline, into `text`. Returns its length
 * (0 .. size - 1) or -errno: -ENOENT absent, -EACCES denied.
 */
int rm_host_read(const char *path, char *text, size_t size);

/* Whether a clock source of the kernel is a counter of the CPU, which the vDSO
   reads without a system call. */
bool rm_host_clock_is_counter(const char *source);

/* Reads a decimal integer. Returns 0 or -errno (-EINVAL: no number). */
int rm_host_read_long(const char *path, long *value);

/* Is `cpu` in a kernel list like "0-3,8,10-11"? A malformed list holds none. */
bool rm_host_list_has(const char *list, unsigned cpu);

/* Writes the path of a file that is installed beside this program. Returns
   `path`; one that is too long is cut, and does not exist. */
const char *rm_host_beside(const char *name, char *path, size_t size);

/* MemAvailable of /proc/meminfo in bytes, of the real machine whatever root is
   in force: memory is taken from it. 0 where it does not say. */
uint64_t rm_memory_available_bytes(void);

#endif /* RM_HOST_H */
