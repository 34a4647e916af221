/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - private header of this module: reads facts for campaign.json and
   for `readmostly env doctor`. */
#ifndef RM_MACHINE_INTERNAL_H
#define RM_MACHINE_INTERNAL_H

#include "runner/machine/machine.h"

#include <hwloc.h>

/* fact.c */

enum rm_fact_status { RM_FACT_OK, RM_FACT_ABSENT, RM_FACT_DENIED };

/* Maximum length of a fact; longer texts are truncated. */
enum { RM_FACT_BYTES = 256 };

struct rm_fact {
	enum rm_fact_status status;
	char text[RM_FACT_BYTES]; /* trimmed; "" unless RM_FACT_OK */
};

const char *rm_fact_status_name(enum rm_fact_status status);

/* Reads the first line of a file, such as "/proc/sys/kernel/nmi_watchdog". An
   error is stored as the status. Any thread. */
void rm_fact_read(const char *path, struct rm_fact *fact);

/* Reads the value of the first line "NAME<blanks>: VALUE" in a file such as
   /proc/cpuinfo; absent if there is no such line. */
void rm_fact_field(const char *path, const char *name, struct rm_fact *fact);

/* Sets the fact to the first line of `text`, without trailing blanks. */
void rm_fact_set(struct rm_fact *fact, const char *text);

/* Lists the distinct first lines of all files that match a glob, with their
   counts: "performance x 63, powersave x 1". */
void rm_fact_count_lines(const char *pattern, struct rm_fact *fact);

/* Reads the line with the tightest limit on CPU time in this process's cgroup
   and its ancestors: "QUOTA PERIOD" or "max PERIOD" in version 2, a quota in us
   in version 1. Returns the number of CPUs that it allows; HUGE_VAL: there is
   no limit, or the group's files cannot be read (status RM_FACT_DENIED). */
double rm_fact_cgroup_quota(struct rm_fact *fact);

/* Reads a file of this process's cgroup: `v2` in version 2, or the file `v1` of
   the controller in version 1. */
void rm_fact_cgroup(const char *v2, const char *controller, const char *v1,
        struct rm_fact *fact);

/* Sets the fact to "yes" if this is a virtual CPU, otherwise to "no"; absent if
   the CPU does not report it (Arm). */
void rm_fact_hypervisor(struct rm_fact *fact);

/* Sets the fact to 16 digits that identify the installed system, since machines
   with equal hardware have equal ids. The digits are a salted hash of
   /etc/machine-id, because machine-id(5) forbids publishing its content. Absent
   without a machine-id, as in most containers. */
void rm_fact_installation(struct rm_fact *fact);

/* machine.c: 8 digits of the machine id, and a NUL. */
enum { RM_MACHINE_ID_BYTES = 9 };

#endif /* RM_MACHINE_INTERNAL_H */
