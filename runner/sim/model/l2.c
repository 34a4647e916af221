/* SPDX-License-Identifier: Apache-2.0 */
/*
 * l2.c - manages a core's private L2: its sets, ordered by use, and the used
 * bytes of its lines.
 *
 * The tags of a set are followed by one byte per way: the index of the way's
 * used bytes.
 */
#include "runner/sim/model/internal.h"

static uint32_t *set_of(struct rm_sim_core *core, uint32_t line)
{
	const struct rm_sim *sim = core->sim;

	return core->l2 + (size_t)(line & sim->l2_mask) * sim->l2_stride;
}

static uint64_t *used_of(
        struct rm_sim_core *core, const uint32_t *set, unsigned at)
{
	const struct rm_sim *sim = core->sim;
	uint32_t ways = sim->mach.l2.ways;
	size_t number = (size_t)(set - core->l2) / sim->l2_stride;
	const uint8_t *place = (const uint8_t *)(set + rm_sim_padded(ways));

	return &core->l2_used[number * ways + place[at]];
}

/* Moves the entry at `at` to the front or to the end. */
static void move(uint32_t *set, unsigned ways, unsigned at, bool to_front)
{
	uint8_t *place = (uint8_t *)(set + rm_sim_padded(ways)),
	        kept = place[at];
	uint32_t tag = set[at];

	if (to_front) {
		rm_sim_set_first(set, at, tag);
		memmove(place + 1, place, at);
		place[0] = kept;
	} else {
		rm_sim_set_take(set, ways, at);
		memmove(place + at, place + at + 1, ways - at - 1);
		place[ways - 1] = kept;
	}
}

/* Does not change the order of use, because other cores cause this call. */
uint32_t *rm_sim_l2_peek(struct rm_sim_core *core, uint32_t line)
{
	unsigned ways = core->sim->mach.l2.ways;
	uint32_t *set = set_of(core, line);
	unsigned found = rm_sim_find(set, rm_sim_padded(ways), line);

	return found ? &set[found - 1] : NULL;
}

uint32_t *rm_sim_l2_touch(struct rm_sim_core *core, uint32_t line)
{
	unsigned ways = core->sim->mach.l2.ways;
	uint32_t *set = set_of(core, line);
	unsigned found = rm_sim_find(set, rm_sim_padded(ways), line);

	if (!found)
		return NULL;
	move(set, ways, found - 1, true);
	return set;
}

uint32_t rm_sim_l2_take(struct rm_sim_core *core, uint32_t line, uint64_t *used)
{
	unsigned ways = core->sim->mach.l2.ways;
	uint32_t *set = set_of(core, line), tag;
	unsigned found = rm_sim_find(set, rm_sim_padded(ways), line);

	if (!found)
		return RM_SIM_EMPTY;
	tag = set[found - 1];
	*used |= *used_of(core, set, found - 1);
	move(set, ways, found - 1, false);
	return tag;
}

uint32_t rm_sim_l2_put(struct rm_sim_core *core, uint32_t tag, uint64_t used)
{
	unsigned ways = core->sim->mach.l2.ways;
	/* the last entry is the least recently used, or empty */
	uint32_t *set = set_of(core, tag), out = set[ways - 1];

	move(set, ways, ways - 1, true);
	set[0] = tag;
	*used_of(core, set, 0) = used;
	return out;
}

void rm_sim_l2_merge(struct rm_sim_core *core, uint32_t tag, uint64_t used)
{
	uint32_t *at = rm_sim_l2_peek(core, tag & RM_SIM_LINE_MASK);
	uint32_t *set = set_of(core, tag);

	*at |= tag;
	*used_of(core, set, (unsigned)(at - set)) |= used;
}
