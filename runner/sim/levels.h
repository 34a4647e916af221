/* SPDX-License-Identifier: Apache-2.0 */
/*
 * levels.h - tags of a set, compared without branches; and sets in the order
 * of their last use, as L2 and LLC have them: the least recently used is the
 * last, so nothing is stamped and no victim is searched.
 */
#ifndef RM_SIM_LEVELS_H
#define RM_SIM_LEVELS_H

#include "runner/sim/access.h"

#include <string.h>

typedef uint32_t rm_sim_tags __attribute__((vector_size(16), may_alias));

/* Words that tags of `ways` ways take; those behind the last are empty. */
static inline unsigned rm_sim_padded(unsigned ways)
{
	return (ways + 3) & ~3U;
}

/*
 * Position of the line + 1, or 0. `tags` has `padded` words and is aligned to
 * 16 bytes. Where in the set a line is cannot be predicted, so all are
 * compared: the compiler makes vector instructions of it everywhere.
 */
static inline unsigned rm_sim_find(
        const uint32_t *tags, unsigned padded, uint32_t line)
{
	const rm_sim_tags *four = (const rm_sim_tags *)tags;
	rm_sim_tags wanted = { line, line, line, line };
	rm_sim_tags number = { 1, 2, 3, 4 }, found = { 0, 0, 0, 0 };

	for (unsigned i = 0; i < padded / 4; i++, number += 4)
		found |= (rm_sim_tags)(((four[i] ^ wanted) &
		                               RM_SIM_LINE_MASK) == 0) &
		         number;
	return found[0] | found[1] | found[2] | found[3];
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
