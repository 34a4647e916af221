/* SPDX-License-Identifier: Apache-2.0 */
/* subject_reports.h - reads the statistics of a technique and runs its
   check. */
#ifndef RM_TEST_SUBJECT_REPORTS_H
#define RM_TEST_SUBJECT_REPORTS_H

#include "runner/map.h"
#include "tests/unit/wanted_stat.h"

#include <stdio.h>
#include <string.h>

/* Returns a statistic, or -1 if none has that name. */
static inline double stat_of(
        const struct rm_map_ops *ops, void *subject, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	ops->stats(subject, take_wanted, &wanted);
	return wanted.value;
}

/* True if the check reports `wanted`. If that is "", true if the check
   passes. */
static inline bool check_reports(
        const struct rm_map_ops *ops, void *subject, const char *wanted)
{
	char why[200] = "";
	const bool right = ops->check(subject, why, sizeof(why));

	if (strcmp(why, wanted))
		printf("# check: %s\n", why);
	return right == !wanted[0] && !strcmp(why, wanted);
}

#endif /* RM_TEST_SUBJECT_REPORTS_H */
