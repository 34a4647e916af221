/* SPDX-License-Identifier: Apache-2.0 */
/* wanted_stat.h - finds one of the emitted statistics by its name. */
#ifndef RM_TEST_WANTED_STAT_H
#define RM_TEST_WANTED_STAT_H

#include <string.h>

struct wanted_stat {
	const char *name;
	double value; /* keeps its initial value if no statistic has the name */
};

/* Stores the value of the wanted statistic. Emitters call this for each
   statistic. */
static inline void take_wanted(
        void *context, const char *name, const char *unit, double value)
{
	struct wanted_stat *wanted = context;

	(void)unit;
	if (!strcmp(name, wanted->name))
		wanted->value = value;
}

#endif /* RM_TEST_WANTED_STAT_H */
