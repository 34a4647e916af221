/* SPDX-License-Identifier: Apache-2.0 */
/*
 * levels.h - a set of L2 or LLC: tags in the order of their last use.
 *
 * The least recently used is the last, so nothing is stamped and nothing is
 * searched for a victim. Of L2 a byte per tag says where the used bytes of
 * its line are kept: those stay where they are.
 */
#ifndef RM_SIM_LEVELS_H
#define RM_SIM_LEVELS_H

#include "runner/sim/access.h"

#include <string.h>

/* Position of the line, or `ways`. */
static inline unsigned rm_sim_set_find(
        const uint32_t *tags, unsigned ways, uint32_t line)
{
	unsigned at = 0;

	while (at < ways && ((tags[at] ^ line) & RM_SIM_LINE_MASK) != 0)
		at++;
	return at;
}

/* Puts `tag` first; what was at position `at` is gone. */
static inline void rm_sim_set_first(uint32_t *tags, unsigned at, uint32_t tag)
{
	memmove(tags + 1, tags, at * sizeof(*tags));
	tags[0] = tag;
}

/* Takes out what is at position `at`; the last is empty then. */
static inline void rm_sim_set_take(uint32_t *tags, unsigned ways, unsigned at)
{
	memmove(tags + at, tags + at + 1, (ways - at - 1) * sizeof(*tags));
	tags[ways - 1] = RM_SIM_EMPTY;
}

#endif /* RM_SIM_LEVELS_H */
