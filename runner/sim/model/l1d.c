/* SPDX-License-Identifier: Apache-2.0 */
/*
 * l1d.c - manages the sets of L1d: a front (the most recently used line) and
 * the rest.
 *
 * Repeated hits of the front do not change the order, so a hit of the front
 * (access.h) updates neither stamp nor tree. A hit of another line swaps it
 * with the front, including its stamp. LRU evicts the smallest stamp. With
 * tree-PLRU, a slot contains the number of its way instead of a stamp.
 */
#include "runner/sim/model/internal.h"

/* The rest of a set, without its front. Tags, orders and used bytes are in
   separate arrays, so that a search reads few cache lines of the host. */
struct rest {
	uint32_t *tag, *order;
	uint64_t *used;
	unsigned count, padded;
};

static struct rest rest_of(struct rm_sim_core *core, uint32_t line)
{
	unsigned count = core->sim->l1d_ways - 1;
	unsigned padded = rm_sim_padded(count);
	uint32_t *words =
	        core->rest + (size_t)(line & core->set_mask) * 4 * padded;

	return (struct rest){ words, words + padded,
		(uint64_t *)(words + 2 * (size_t)padded), count, padded };
}

static struct rm_sim_slot *front_of(struct rm_sim_core *core, uint32_t line)
{
	return &core->front[line & core->set_mask];
}

static struct rm_sim_slot read_slot(const struct rest *rest, unsigned i)
{
	return (struct rm_sim_slot){ rest->tag[i], rest->order[i],
		rest->used[i] };
}

static void write_slot(
        const struct rest *rest, unsigned i, const struct rm_sim_slot *slot)
{
	rest->tag[i] = slot->tag;
	rest->order[i] = slot->order;
	rest->used[i] = slot->used;
}

void rm_sim_l1d_empty(struct rm_sim_core *core)
{
	for (uint32_t set = 0; set <= core->set_mask; set++) {
		struct rest rest = rest_of(core, set);

		core->front[set] = (struct rm_sim_slot){ RM_SIM_EMPTY, 0, 0 };
		for (unsigned i = 0; i < rest.padded; i++) {
			rest.tag[i] = RM_SIM_EMPTY;
			rest.order[i] = core->trees ? i + 1 : 0;
		}
	}
}

uint32_t *rm_sim_l1d_peek(struct rm_sim_core *core, uint32_t line)
{
	struct rm_sim_slot *front = front_of(core, line);
	struct rest rest = rest_of(core, line);
	unsigned found;

	if (((front->tag ^ line) & RM_SIM_LINE_MASK) == 0)
		return &front->tag;
	found = rm_sim_find(rest.tag, rest.padded, line);
	return found ? &rest.tag[found - 1] : NULL;
}

/* Makes all tree bits on the path to `way` point away from it. */
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

/* Renumbers the stamps before they overflow. Their order does not change. */
static void renumber(struct rm_sim_core *core)
{
	for (uint32_t set = 0; set <= core->set_mask; set++) {
		struct rest rest = rest_of(core, set);
		uint32_t ranks[RM_SIM_WAYS_MAX];

		for (unsigned i = 0; i < rest.count; i++) {
			ranks[i] = 0;
			for (unsigned k = 0; k < rest.count; k++)
				ranks[i] += rest.order[k] &&
				            rest.order[k] <= rest.order[i];
		}
		for (unsigned i = 0; i < rest.count; i++)
			rest.order[i] = ranks[i];
		core->front[set].order = core->sim->l1d_ways;
	}
	core->tick = core->sim->l1d_ways;
}

/* Marks the front as the most recently used line. With PLRU, turns the tree
   away from its way. With LRU, assigns the next stamp. */
static void stamp(
        struct rm_sim_core *core, uint32_t line, struct rm_sim_slot *front)
{
	if (core->trees) {
		point_away(&core->trees[line & core->set_mask],
		        core->sim->l1d_ways, front->order);
		return;
	}
	if (core->tick == UINT32_MAX)
		renumber(core);
	front->order = ++core->tick;
}

struct rm_sim_slot *rm_sim_l1d_touch(
        struct rm_sim_core *core, uint32_t line, const uint32_t *at)
{
	struct rm_sim_slot *front = front_of(core, line), old = *front;

	if (at != &front->tag) {
		struct rest rest = rest_of(core, line);
		unsigned i = (unsigned)(at - rest.tag);

		*front = read_slot(&rest, i);
		write_slot(&rest, i, &old);
		stamp(core, line, front);
	}
	return front;
}

void rm_sim_l1d_drop(
        struct rm_sim_core *core, uint32_t line, uint32_t *at, uint64_t *used)
{
	struct rm_sim_slot *front = front_of(core, line);
	struct rest rest = rest_of(core, line);
	bool is_front = at == &front->tag;
	size_t i = is_front ? 0 : (size_t)(at - rest.tag);
	uint64_t *bytes = is_front ? &front->used : &rest.used[i];

	*used |= *bytes;
	*bytes = 0;
	*at = RM_SIM_EMPTY;
	if (!core->trees) /* LRU fills an empty way first */
		*(is_front ? &front->order : &rest.order[i]) = 0;
}

/* Returns the index of the slot to fill: the empty slot with the lowest way, or
   the slot to which the tree points, which is never the most recently used one.
   The index rest->count means the front. */
static unsigned plru_victim(
        struct rm_sim_core *core, uint32_t line, const struct rest *rest)
{
	unsigned pointed = pointed_at(
	        core->trees[line & core->set_mask], core->sim->l1d_ways);
	const struct rm_sim_slot *front = front_of(core, line);
	unsigned victim = rest->count, empty = victim;
	uint32_t lowest =
	        front->tag == RM_SIM_EMPTY ? front->order : RM_SIM_WAYS_MAX;

	for (unsigned i = 0; i < rest->count; i++) {
		if (rest->order[i] == pointed)
			victim = i;
		if (rest->tag[i] == RM_SIM_EMPTY && rest->order[i] < lowest) {
			lowest = rest->order[i];
			empty = i;
		}
	}
	return lowest < RM_SIM_WAYS_MAX ? empty : victim;
}

static unsigned lru_victim(
        struct rm_sim_core *core, uint32_t line, const struct rest *rest)
{
	uint64_t oldest = UINT64_MAX;

	if (rest->count == 0 || front_of(core, line)->tag == RM_SIM_EMPTY)
		return rest->count;
	/* stamp and index form one word, so that the minimum is found without
	   branches */
	for (unsigned i = 0; i < rest->count; i++) {
		uint64_t one = (uint64_t)rest->order[i] << 32 | i;

		oldest = one < oldest ? one : oldest;
	}
	return (uint32_t)oldest;
}

struct rm_sim_slot *rm_sim_l1d_make_room(
        struct rm_sim_core *core, uint32_t line, struct rm_sim_slot *out)
{
	struct rm_sim_slot *front = front_of(core, line);
	struct rest rest = rest_of(core, line);
	unsigned victim = core->trees ? plru_victim(core, line, &rest)
	                              : lru_victim(core, line, &rest);

	if (victim == rest.count) {
		*out = *front;
	} else {
		*out = read_slot(&rest, victim);
		write_slot(&rest, victim, front);
	}
	*front = (struct rm_sim_slot){ RM_SIM_EMPTY, out->order, 0 };
	stamp(core, line, front);
	return front;
}
