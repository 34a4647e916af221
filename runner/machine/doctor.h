/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what disturbs measurement here, and how to change it. */
#ifndef RM_DOCTOR_H
#define RM_DOCTOR_H

#include <stddef.h>

struct rm_topology;

enum rm_finding_level {
	RM_FINDING_GOOD,
	RM_FINDING_NOTE,    /* worth knowing; nobody can or should change it */
	RM_FINDING_WARNING, /* disturbs measurement, and can be changed */
	RM_FINDING_UNKNOWN, /* this machine does not tell, and why */
};

enum { RM_FINDING_TEXT = 320, RM_FINDINGS_MAX = 32 };

struct rm_finding {
	enum rm_finding_level level;
	const char *subject; /* static, "governor" */
	char text[RM_FINDING_TEXT];
	char command[RM_FINDING_TEXT]; /* that changes it, or "" */
};

/*
 * Examines the machine; reads files below RM_SYSFS and changes nothing.
 * Fills at most RM_FINDINGS_MAX findings, one per check, always in the same
 * order; returns their number. Main thread.
 */
size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings);

const char *rm_finding_level_name(enum rm_finding_level level);

#endif /* RM_DOCTOR_H */
