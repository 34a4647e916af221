/* SPDX-License-Identifier: Apache-2.0 */
/*
 * l1d.c - the sets of L1d: a front, the most recently used line, and the rest.
 *
 * What repeats at the front changes no order, so a hit there (access.h) writes
 * neither a stamp nor a tree. A line used elsewhere changes places with the
 * front and takes its stamp along: LRU puts out the smallest. Of tree-PLRU a
 * slot carries the number of its way instead.
 */
#include "runner/sim/parts.h"

static struct rm_sim_slot *rest_of(struct rm_sim_core *core, uint32_t line)
{
	return core->rest +
	       (size_t)(line & core->set_mask) * (core->sim->l1d_ways - 1);
}

static bool holds(const struct rm_sim_slot *slot, uint32_t line)
{
	return ((slot->tag ^ line) & RM_SIM_LINE_MASK) == 0;
}

struct rm_sim_slot *rm_sim_l1d_peek(struct rm_sim_core *core, uint32_t line)
{
	struct rm_sim_slot *front = &core->front[line & core->set_mask];
	struct rm_sim_slot *rest = rest_of(core, line);
	unsigned others = core->sim->l1d_ways - 1;

	if (holds(front, line))
		return front;
	for (unsigned i = 0; i < others; i++)
		if (holds(&rest[i], line))
			return &rest[i];
	return NULL;
}

/* All bits of the tree on the way to `way` point away from it. */
static void point_away(uint32_t *tree, unsigned ways, unsigned way)
{
	unsigned node = 1;

	for (unsigned half = ways / 2; half; half /= 2) {
		bool right = way & half;

		if (right)
			*tree &= ~(UINT32_C(1) << node);
		else
			*tree |= UINT32_C(1) << node;
		node = 2 * node + right;
	}
}

static unsigned pointed_at(uint32_t tree, unsigned ways)
{
	unsigned node = 1, way = 0;

	for (unsigned half = ways / 2; half; half /= 2) {
		bool right = tree >> node & 1;

		way += right ? half : 0;
		node = 2 * node + right;
	}
	return way;
}

/* Stamps are used up after 2^32 - 1: counts them anew, in the same order. */
static void renumber(struct rm_sim_core *core)
{
	uint32_t ways = core->sim->l1d_ways;

	for (uint32_t set = 0; set <= core->set_mask; set++) {
		struct rm_sim_slot *rest = rest_of(core, set);
		uint32_t ranks[RM_SIM_WAYS_MAX];

		for (uint32_t i = 0; i + 1 < ways; i++) {
			ranks[i] = 0;
			for (uint32_t k = 0; k + 1 < ways; k++)
				ranks[i] += rest[k].order &&
				            rest[k].order <= rest[i].order;
		}
		for (uint32_t i = 0; i + 1 < ways; i++)
			rest[i].order = ranks[i];
		core->front[set].order = ways;
	}
	core->tick = ways;
}

static void stamp(
        struct rm_sim_core *core, uint32_t set, struct rm_sim_slot *front)
{
	if (core->trees) {
		point_away(
		        &core->trees[set], core->sim->l1d_ways, front->order);
		return;
	}
	if (core->tick == UINT32_MAX)
		renumber(core);
	front->order = ++core->tick;
}

struct rm_sim_slot *rm_sim_l1d_touch(
        struct rm_sim_core *core, uint32_t line, struct rm_sim_slot *slot)
{
	uint32_t set = line & core->set_mask;
	struct rm_sim_slot *front = &core->front[set], old = *front;

	if (slot != front) {
		*front = *slot;
		*slot = old;
		stamp(core, set, front);
	}
	return front;
}

void rm_sim_l1d_drop(struct rm_sim_core *core, struct rm_sim_slot *slot)
{
	slot->tag = RM_SIM_EMPTY;
	slot->used = 0;
	if (!core->trees)
		slot->order = 0; /* the first to be filled again */
}

/* The slot to fill: the empty one of the lowest way, or where the tree
   points, which is never the front. */
static struct rm_sim_slot *plru_victim(
        struct rm_sim_core *core, uint32_t set, struct rm_sim_slot *rest)
{
	unsigned ways = core->sim->l1d_ways;
	unsigned pointed = pointed_at(core->trees[set], ways);
	struct rm_sim_slot *front = &core->front[set];
	struct rm_sim_slot *empty = front->tag == RM_SIM_EMPTY ? front : NULL;
	struct rm_sim_slot *victim = NULL;

	for (unsigned i = 0; i + 1 < ways; i++) {
		if (rest[i].order == pointed)
			victim = &rest[i];
		if (rest[i].tag == RM_SIM_EMPTY &&
		        (!empty || rest[i].order < empty->order))
			empty = &rest[i];
	}
	return empty ? empty : victim ? victim : front;
}

static struct rm_sim_slot *lru_victim(
        struct rm_sim_core *core, uint32_t set, struct rm_sim_slot *rest)
{
	struct rm_sim_slot *victim = &core->front[set];
	unsigned others = core->sim->l1d_ways - 1;

	if (victim->tag == RM_SIM_EMPTY || others == 0)
		return victim;
	victim = rest;
	for (unsigned i = 1; i < others; i++)
		victim = rest[i].order < victim->order ? &rest[i] : victim;
	return victim;
}

struct rm_sim_slot *rm_sim_l1d_make_room(
        struct rm_sim_core *core, uint32_t line, struct rm_sim_slot *out)
{
	uint32_t set = line & core->set_mask;
	struct rm_sim_slot *front = &core->front[set];
	struct rm_sim_slot *rest = rest_of(core, line);
	struct rm_sim_slot *victim = core->trees ? plru_victim(core, set, rest)
	                                         : lru_victim(core, set, rest);

	*out = *victim;
	if (victim != front)
		*victim = *front;
	*front = (struct rm_sim_slot){ RM_SIM_EMPTY, out->order, 0 };
	stamp(core, set, front);
	return front;
}
