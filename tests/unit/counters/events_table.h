/* SPDX-License-Identifier: Apache-2.0 */
/* events_table.h - checks whether the built-in table of events has lines. If it
   is empty, tests of its lines are skipped, and all others must pass. */
#ifndef RM_EVENTS_THERE_H
#define RM_EVENTS_THERE_H

#include <stdbool.h>
#include <string.h>

extern const unsigned char rm_events_tsv[];

#define NO_EVENTS "the table of events has no line"

static inline bool has_events(void)
{
	const char *line = (const char *)rm_events_tsv;

	while (line && (*line == '#' || *line == '\n')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line && *line;
}

#endif /* RM_EVENTS_THERE_H */
