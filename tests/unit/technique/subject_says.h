/* SPDX-License-Identifier: Apache-2.0 */
/* subject_says.h - what a technique's subject counts, and what its check says. */
#ifndef RM_TEST_SUBJECT_SAYS_H
#define RM_TEST_SUBJECT_SAYS_H

#include "runner/map.h"
#include "tests/unit/wanted_stat.h"

#include <stdio.h>
#include <string.h>

/* -1 where it has no statistic of that name. */
static inline double stat_of(
        const struct rm_map_ops *ops, void *subject, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	ops->stats(subject, take_wanted, &wanted);
	return wanted.value;
}

/* Whether the check gives that reason; "": it finds nothing. */
static inline bool check_says(
        const struct rm_map_ops *ops, void *subject, const char *wanted)
{
	char why[200] = "";
	const bool right = ops->check(subject, why, sizeof(why));

	if (strcmp(why, wanted))
		printf("# said: %s\n", why);
	return right == !wanted[0] && !strcmp(why, wanted);
}

#endif /* RM_TEST_SUBJECT_SAYS_H */
