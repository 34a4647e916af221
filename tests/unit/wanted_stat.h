/* SPDX-License-Identifier: Apache-2.0 */
/* wanted_stat.h - reads one of the emitted statistics by its name. */
#ifndef RM_TEST_WANTED_STAT_H
#define RM_TEST_WANTED_STAT_H

#include <string.h>

struct wanted_stat {
	const char *name;
	double value; /* initial value: kept if no statistic has the name */
};

/* Stores the value of the wanted statistic. Emitters call it for each one. */
static inline void take_wanted(
        void *context, const char *name, const char *unit, double value)
{
	struct wanted_stat *wanted = context;

	(void)unit;
	if (!strcmp(name, wanted->name))
		wanted->value = value;
}

#endif /* RM_TEST_WANTED_STAT_H */
