/* SPDX-License-Identifier: Apache-2.0 */
/* fact.h - further ways to a fact, for machine.c and doctor.c. */
#ifndef RM_FACT_H
#define RM_FACT_H

#include "runner/machine/machine.h"

#include <stdbool.h>

enum rm_fact_source {
	RM_FACT_LINE,     /* first line of a file */
	RM_FACT_FIELD,    /* line "NAME: value" of a file */
	RM_FACT_EACH,     /* distinct first lines of a glob's files */
	RM_FACT_VARIABLE, /* of the environment */
};

struct rm_fact_row {
	const char *name;
	enum rm_fact_source source;
	const char *path;  /* or the variable's name */
	const char *field; /* RM_FACT_FIELD */
};

extern const struct rm_fact_row rm_fact_rows[];
extern const size_t rm_fact_row_count;

/* `path` below RM_SYSFS where that is set. */
void rm_fact_path(const char *path, char *rooted, size_t size);

/* Makes the first line of `text`, without blanks at its end, the fact. */
void rm_fact_set(struct rm_fact *fact, const char *text);

/* Distinct first lines of all files that fit a glob, with their numbers:
   "performance x 63, powersave x 1". */
void rm_fact_each(const char *pattern, struct rm_fact *fact);

/* A file of this process's cgroup: `v2`, or `v1` of a controller. */
void rm_fact_cgroup(const char *v2, const char *controller, const char *v1,
        struct rm_fact *fact);

/* "yes" or "no": does the processor say that it is a virtual one? Absent
   where it does not tell (Arm). */
void rm_fact_hypervisor(struct rm_fact *fact);

#endif /* RM_FACT_H */
