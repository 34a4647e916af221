/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private to the machine: ways to a fact, for the table of facts
   and the doctor. */
#ifndef RM_MACHINE_INTERNAL_H
#define RM_MACHINE_INTERNAL_H

#include "runner/machine/machine.h"

/* fact.c */

enum rm_fact_status { RM_FACT_OK, RM_FACT_ABSENT, RM_FACT_DENIED };

/* Longest text of a fact; more is cut. */
enum { RM_FACT_BYTES = 256 };

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

/* Makes the first line of `text`, without blanks at its end, the fact. */
void rm_fact_set(struct rm_fact *fact, const char *text);

/* Distinct first lines of all files that fit a glob, with their numbers:
   "performance x 63, powersave x 1". */
void rm_fact_each(const char *pattern, struct rm_fact *fact);

/* The line of the tightest limit of CPU time among this process's cgroup and
   those above it: "QUOTA PERIOD" or "max PERIOD" of version 2, a quota in us of
   version 1. */
void rm_fact_cgroup_quota(struct rm_fact *fact);

/* A file of this process's cgroup: `v2`, or `v1` of a controller. */
void rm_fact_cgroup(const char *v2, const char *controller, const char *v1,
        struct rm_fact *fact);

/* "yes" or "no": does the processor say that it is a virtual one? Absent
   where it does not tell (Arm). */
void rm_fact_hypervisor(struct rm_fact *fact);

/* 16 digits that tell one installed system from another: two machines of one
   kind, and with them one id, have two. A hash of /etc/machine-id, salted as
   machine-id(5) asks, for the number itself is to leave no machine. Absent
   where there is no such number, as in most containers. */
void rm_fact_installation(struct rm_fact *fact);

/* machine.c: 8 digits of the id, and a NUL. */
enum { RM_MACHINE_ID_BYTES = 9 };

#endif /* RM_MACHINE_INTERNAL_H */
