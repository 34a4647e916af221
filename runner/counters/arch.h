/* SPDX-License-Identifier: Apache-2.0 */
/* arch.h - which lines of the event map belong to a CPU. */
#ifndef RM_ARCH_H
#define RM_ARCH_H

#include "runner/base/error.h"

#include <stdbool.h>

enum { RM_ARCH_STEPS = 4 };

/* All members point to static storage except what[]. */
struct rm_arch {
	const char *name; /* e.g. "zen3", "adl_p"; "unknown" */
	/* Where a metric is looked up, in this order; ends with "*". */
	const char *chain[RM_ARCH_STEPS];
	unsigned steps;
	char what[96]; /* as the kernel says it: "AuthenticAMD 25/17" */
};

/*
 * Recognises kernel CPU number `cpu` from /proc/cpuinfo (and, for hybrid
 * processors, the PMU it belongs to). A CPU that is not in the table gets
 * name "unknown" and the chain "*" alone: a wrong event is worse than none.
 * Returns 0, or -errno where /proc/cpuinfo cannot be read or lacks the CPU.
 */
int rm_arch_detect(unsigned cpu, struct rm_arch *arch, struct rm_error *error);

/* Is this an arch, family or "*" that a line of the event map may name? */
bool rm_arch_known(const char *name);

#endif /* RM_ARCH_H */
