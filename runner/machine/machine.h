/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - what a result depends on beside cell and code: CPU, caches,
 * kernel, and what disturbs measurement.
 *
 * Each fact is {status, text}: a file that is not there is "absent", one that
 * may not be read is "denied", never an empty string. RM_SYSFS is a root put
 * before /proc and /sys, for tests.
 */
#ifndef RM_MACHINE_H
#define RM_MACHINE_H

#include <jansson.h>
#include <stddef.h>

struct rm_topology;

enum rm_fact_status { RM_FACT_OK, RM_FACT_ABSENT, RM_FACT_DENIED };

/* Longest text of a fact; more is cut. */
enum { RM_FACT_BYTES = 256, RM_MACHINE_ID_BYTES = 9 };

struct rm_fact {
	enum rm_fact_status status;
	char text[RM_FACT_BYTES]; /* one line, trimmed; "" unless ok */
};

const char *rm_fact_status_name(enum rm_fact_status status);

/* Reads the first line of a file ("/proc/sys/kernel/nmi_watchdog"). Never
   fails. Any thread. */
void rm_fact_read(const char *path, struct rm_fact *fact);

/* The value of the first line "NAME<blanks>: VALUE" of a file such as
   /proc/cpuinfo. Absent where no line has that name. */
void rm_fact_field(const char *path, const char *name, struct rm_fact *fact);

/*
 * {"id": "8 hex digits", "topology": "...", "cpus": 2, ..., "facts": {NAME:
 * {"status", "text"}, ...}} (readmostly machine --json). `topology` as loaded
 * at the start. The id is a hash of stable facts only: CPU model and stepping,
 * topology, size of memory (whole GiB); not of frequencies, kernel or load.
 * New reference; NULL: no memory.
 */
json_t *rm_machine_facts(const struct rm_topology *topology);

#endif /* RM_MACHINE_H */
