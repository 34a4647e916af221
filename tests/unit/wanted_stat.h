/* SPDX-License-Identifier: Apache-2.0 */
/* wanted_stat.h - one statistic, by its name, of those that are emitted. */
#ifndef RM_TEST_WANTED_STAT_H
#define RM_TEST_WANTED_STAT_H

#include <string.h>

struct wanted_stat {
	const char *name;
	double value; /* what it is before: it stays where none has the name */
};

/* Takes the value of the wanted one; an emitter calls it with each. */
static inline void take_wanted(
        void *context, const char *name, const char *unit, double value)
{
	struct wanted_stat *wanted = context;

	(void)unit;
	if (!strcmp(name, wanted->name))
		wanted->value = value;
}

#endif /* RM_TEST_WANTED_STAT_H */
