/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.c - handles accesses that do not hit the most recently used line of
 * their set, the front.
 *
 * L1d and L2 exchange lines here; coherence.c handles other cores. If
 * rm_sim_access_slow() returns false, it must not have changed anything,
 * because the caller repeats the whole access later.
 */
#include "runner/sim/model/internal.h"

#include <assert.h>

/* Moves a line that was evicted from L1d to L2, or out of the core. */
static void evict_to_l2(struct rm_sim_core *core, const struct rm_sim_slot *out)
{
	const struct rm_sim_level *l2 = &core->sim->mach.l2;
	uint32_t gone = out->tag;

	if (out->tag == RM_SIM_EMPTY)
		return;
	core->count[RM_SIM_REPLACEMENTS]++;
	if (l2->sets && l2->inclusion == RM_SIM_INCLUSIVE) {
		rm_sim_l2_merge(core, out->tag, out->used);
		return;
	}
	if (l2->sets)
		gone = rm_sim_l2_put(core, out->tag, out->used);
	if (gone != RM_SIM_EMPTY)
		rm_sim_note_eviction(core, gone);
}

/* Adds a line from outside of the core to an inclusive L2, which may evict
   another line. */
static void fill_l2(struct rm_sim_core *core, uint32_t tag)
{
	uint32_t gone = rm_sim_l2_put(core, tag, 0);
	uint32_t *above;
	uint64_t used = 0;

	if (gone == RM_SIM_EMPTY)
		return;
	above = rm_sim_l1d_peek(core, gone & RM_SIM_LINE_MASK);
	if (above) {
		gone |= *above; /* the state in L1d is newer */
		rm_sim_l1d_drop(core, gone & RM_SIM_LINE_MASK, above, &used);
	}
	rm_sim_note_eviction(core, gone);
}

/* Returns the line's tag in this core's L2, or RM_SIM_EMPTY. */
static uint32_t from_l2(struct rm_sim_core *core, uint32_t line, uint64_t *used)
{
	uint32_t *tag;

	if (core->sim->mach.l2.inclusion == RM_SIM_VICTIM)
		return rm_sim_l2_take(core, line, used);
	tag = rm_sim_l2_touch(core, line);
	return tag ? *tag : RM_SIM_EMPTY;
}

/* Brings the line to the front of its L1d set. The line leaves L2 before L2
   receives the line evicted from L1d. In a victim L2, the two lines thus change
   places, and no third line is evicted. */
static struct rm_sim_slot *miss(struct rm_sim_core *core, uint32_t line,
        uint64_t bytes, bool writes, const void *site)
{
	struct rm_sim *sim = core->sim;
	const struct rm_sim_level *l2 = &sim->mach.l2;
	struct rm_sim_slot out, *front;
	uint32_t tag = RM_SIM_EMPTY;

	assert(line < sim->lines);
	/* the entry of a random line is rarely in the host's caches */
	__builtin_prefetch(&sim->dir[line]);
	core->count[writes ? RM_SIM_STORE_MISSES : RM_SIM_LOAD_MISSES]++;
	sim->region[sim->region_of[line]].misses++;
	front = rm_sim_l1d_make_room(core, line, &out);
	/* the core holds the line, but not in L1d: only then is L2 searched */
	if (rm_sim_bit(sim->dir[line].holds, core->id))
		tag = from_l2(core, line, &front->used);
	evict_to_l2(core, &out);
	if (tag != RM_SIM_EMPTY) {
		core->count[RM_SIM_CAPACITY_MISSES]++;
		core->now += sim->cost[RM_SIM_COST_L2];
		if (sim->watched)
			rm_sim_watch_event(core, RM_SIM_CAPACITY_MISSES, line,
			        bytes, writes, site);
	} else {
		tag = line | rm_sim_fetch(core, line, bytes, writes, site);
		if (l2->sets && l2->inclusion == RM_SIM_INCLUSIVE)
			fill_l2(core, tag);
	}
	front->tag = tag;
	return front;
}

/* Counts like rm_sim_hit(), since counts must not depend on a line's position
   in its set. */
static void count(struct rm_sim_core *core, enum rm_sim_kind kind, bool writes)
{
	core->count[writes ? RM_SIM_STORES : RM_SIM_LOADS]++;
	core->count[RM_SIM_ATOMICS] += kind >= RM_SIM_ATOMIC_LOAD;
	core->now += core->hit_cycles;
	if (kind == RM_SIM_RMW) {
		core->count[RM_SIM_RMWS]++;
		core->count[RM_SIM_LOADS] += core->rmw_loads;
		core->now += core->rmw_cycles;
	}
}

bool rm_sim_access_slow(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        enum rm_sim_kind kind, const void *site)
{
	struct rm_sim *sim = core->sim;
	bool writes = rm_sim_writes(kind);
	struct rm_sim_slot *slot;
	uint32_t *at;
	bool owned;

	/* Plain accesses to lines that this core holds do not affect other
	   cores, so the core may run ahead by a quantum. All other accesses
	   wait for their turn. */
	if (core->now > (kind >= RM_SIM_ATOMIC_LOAD ? core->due : sim->soft))
		return false;
	at = rm_sim_l1d_peek(core, line);
	owned = at && (!writes || (*at & RM_SIM_OWNED));
	if (!owned && core->now > core->due)
		return false;
	if (sim->watched)
		rm_sim_watch_access(core, line);
	slot = at ? rm_sim_l1d_touch(core, line, at)
	          : miss(core, line, bytes, writes, site);
	if (writes) {
		if (!(slot->tag & RM_SIM_OWNED))
			rm_sim_upgrade(core, line, bytes, site);
		slot->tag |= RM_SIM_MODIFIED;
	}
	slot->used |= bytes;
	count(core, kind, writes);
	return true;
}
