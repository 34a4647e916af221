/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coherence.c - simulates MESI with a directory, and the LLC.
 *
 * The directory is exact: a core's bit is cleared when the line leaves the
 * core's last cache. The directory treats E and M as one state (`owner`); only
 * the tag in the owner's cache has the modified bit.
 */
#include "runner/sim/model/internal.h"

/* Waits while the line is busy, then makes it busy for `hold` cycles. */
static void wait_until_free(
        struct rm_sim_core *core, struct rm_sim_entry *entry, uint32_t hold)
{
	uint64_t wait = entry->busy > core->now ? entry->busy - core->now : 0;

	core->count[RM_SIM_WAIT_CYCLES] += wait;
	core->now += wait;
	entry->busy = core->now + hold;
}

static uint32_t *llc_set(const struct rm_sim *sim, uint32_t line)
{
	return sim->llc + (size_t)(line & sim->llc_mask) * sim->llc_stride;
}

/* Adds a line to the LLC. LRU is implemented by position: the most recently
   used line is first, and a new line replaces the last one. */
static void llc_put(struct rm_sim *sim, uint32_t line)
{
	unsigned ways = sim->mach.llc.ways, found;
	uint32_t *set;

	if (!sim->llc)
		return;
	set = llc_set(sim, line);
	found = rm_sim_find(set, rm_sim_padded(ways), line);
	rm_sim_set_first(set, (found ? found : ways) - 1, line);
}

/* True if the LLC had the line. Removes the line if `take` is true. */
static bool llc_get(struct rm_sim *sim, uint32_t line, bool take)
{
	unsigned ways = sim->mach.llc.ways, found;
	uint32_t *set;

	if (!sim->llc)
		return false;
	set = llc_set(sim, line);
	found = rm_sim_find(set, rm_sim_padded(ways), line);
	if (!found)
		return false;
	if (take)
		rm_sim_set_take(set, ways, found - 1);
	else
		rm_sim_set_first(set, found - 1, line);
	return true;
}

void rm_sim_note_eviction(struct rm_sim_core *core, uint32_t tag)
{
	struct rm_sim *sim = core->sim;
	uint32_t line = tag & RM_SIM_LINE_MASK;
	struct rm_sim_entry *entry = &sim->dir[line];
	bool dirty = tag & RM_SIM_DIRTY;

	rm_sim_bit_set(entry->holds, core->id, false);
	rm_sim_bit_set(entry->lost, core->id, false);
	rm_sim_bit_set(entry->mark, core->id, true);
	if (entry->owner == core->id + 1)
		entry->owner = 0;
	core->count[RM_SIM_WRITEBACKS] += dirty;
	if (dirty || sim->mach.llc.inclusion == RM_SIM_VICTIM)
		llc_put(sim, line);
}

/* Removes the line from `core`, because another core writes `bytes` of it.
   Returns true if `core` had modified the line. */
static bool lose_line(struct rm_sim_core *core, uint32_t line, uint64_t bytes)
{
	struct rm_sim *sim = core->sim;
	struct rm_sim_entry *entry = &sim->dir[line];
	struct rm_sim_region *region = &sim->region[sim->region_of[line]];
	uint32_t *above = rm_sim_l1d_peek(core, line);
	uint64_t used = 0;
	uint32_t tag = 0;
	bool untouched;

	if (above) {
		tag = *above;
		rm_sim_l1d_drop(core, line, above, &used);
	}
	if (!above || sim->mach.l2.inclusion == RM_SIM_INCLUSIVE)
		tag |= rm_sim_l2_take(core, line, &used);
	/* False sharing: the core had used none of the bytes that the other
	   core writes. */
	untouched = !(used & bytes);
	core->count[RM_SIM_INVALIDATIONS]++;
	core->count[untouched ? RM_SIM_FALSE_INVALIDATIONS
	                      : RM_SIM_TRUE_INVALIDATIONS]++;
	region->invalidations++;
	region->false_invalidations += untouched;
	rm_sim_bit_set(entry->holds, core->id, false);
	rm_sim_bit_set(entry->lost, core->id, true);
	rm_sim_bit_set(entry->mark, core->id, untouched);
	if (sim->watched)
		rm_sim_watch_loss(core, line, untouched);
	return tag & RM_SIM_DIRTY;
}

/* Removes the line from all other cores. Returns true if one of them had
   modified it. */
static bool take_from_all(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes)
{
	struct rm_sim *sim = core->sim;
	const struct rm_sim_entry *entry = &sim->dir[line];
	bool modified = false;

	for (unsigned word = 0; word < RM_SIM_WORDS; word++) {
		uint64_t left = entry->holds[word];

		for (; left; left &= left - 1) {
			unsigned id =
			        64 * word + (unsigned)__builtin_ctzll(left);

			if (id != core->id)
				modified |= lose_line(
				        rm_sim_core_at(sim, id), line, bytes);
		}
	}
	return modified;
}

/* Changes the owner's line to shared. Returns true if the owner had modified
   it. */
static bool downgrade(struct rm_sim_core *owner, uint32_t line)
{
	bool both = owner->sim->mach.l2.inclusion == RM_SIM_INCLUSIVE;
	uint32_t *above = rm_sim_l1d_peek(owner, line);
	uint32_t *below = !above || both ? rm_sim_l2_peek(owner, line) : NULL;
	uint32_t tag = (above ? *above : 0) | (below ? *below : 0);

	if (above)
		*above = line;
	if (below)
		*below = line;
	return tag & RM_SIM_DIRTY;
}

static bool others_hold(const struct rm_sim_entry *entry, unsigned id)
{
	for (unsigned word = 0; word < RM_SIM_WORDS; word++) {
		uint64_t mine = id / 64 == word ? UINT64_C(1) << (id % 64) : 0;

		if (entry->holds[word] & ~mine)
			return true;
	}
	return false;
}

void rm_sim_upgrade(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        const void *site)
{
	struct rm_sim *sim = core->sim;
	struct rm_sim_entry *entry = &sim->dir[line];

	core->count[RM_SIM_UPGRADES]++;
	sim->region[sim->region_of[line]].upgrades++;
	if (sim->watched)
		rm_sim_watch_event(
		        core, RM_SIM_UPGRADES, line, bytes, true, site);
	wait_until_free(core, entry, sim->cost[RM_SIM_COST_HOLD]);
	core->now += sim->cost[RM_SIM_COST_UPGRADE];
	/* the result is unused, since no other core can hold a modified line */
	take_from_all(core, line, bytes);
	entry->owner = (uint16_t)(core->id + 1);
	if (sim->mach.llc.inclusion == RM_SIM_VICTIM)
		llc_get(sim, line, true); /* the copy in the LLC is now
		                             outdated */
}

/* Returns the reason why the core does not have the line. */
static enum rm_sim_count kind_of_miss(struct rm_sim_core *core, uint32_t line)
{
	struct rm_sim *sim = core->sim;
	const struct rm_sim_entry *entry = &sim->dir[line];
	struct rm_sim_region *region = &sim->region[sim->region_of[line]];
	bool lost = rm_sim_bit(entry->lost, core->id);
	bool mark = rm_sim_bit(entry->mark, core->id);
	enum rm_sim_count kind = lost   ? RM_SIM_COHERENCE_MISSES
	                         : mark ? RM_SIM_CAPACITY_MISSES
	                                : RM_SIM_COLD_MISSES;

	core->count[kind]++;
	core->count[RM_SIM_FALSE_MISSES] += lost && mark;
	region->coherence_misses += lost;
	region->false_misses += lost && mark;
	return lost && mark ? RM_SIM_FALSE_MISSES : kind;
}

/* Copies the line from the core that owns it. */
static void fetch_from_owner(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes, bool writes)
{
	struct rm_sim *sim = core->sim;
	struct rm_sim_entry *entry = &sim->dir[line];
	struct rm_sim_core *owner = rm_sim_core_at(sim, entry->owner - 1U);
	bool modified =
	        writes ? lose_line(owner, line, bytes) : downgrade(owner, line);

	core->count[modified ? RM_SIM_TRANSFERS_MODIFIED
	                     : RM_SIM_TRANSFERS_CLEAN]++;
	wait_until_free(core, entry,
	        sim->cost[writes || modified ? RM_SIM_COST_HOLD
	                                     : RM_SIM_COST_HOLD_READ]);
	core->now += sim->cost[RM_SIM_COST_TRANSFER];
	if (!writes)
		llc_put(sim, line); /* the LLC keeps shared lines */
}

/* Copies the line from the LLC, from a core that shares it, or from memory. */
static void fetch_from_below(
        struct rm_sim_core *core, uint32_t line, uint64_t bytes, bool writes)
{
	struct rm_sim *sim = core->sim;
	struct rm_sim_entry *entry = &sim->dir[line];
	bool shared = others_hold(entry, core->id);
	bool victim = sim->mach.llc.inclusion == RM_SIM_VICTIM;
	enum rm_sim_cost from = RM_SIM_COST_LLC;

	if (!llc_get(sim, line, victim && (writes || !shared))) {
		from = shared ? RM_SIM_COST_TRANSFER : RM_SIM_COST_MEMORY;
		core->count[shared ? RM_SIM_TRANSFERS_CLEAN
		                   : RM_SIM_LLC_MISSES]++;
		if (!victim)
			llc_put(sim, line);
	}
	wait_until_free(core, entry,
	        sim->cost[writes && shared ? RM_SIM_COST_HOLD
	                                   : RM_SIM_COST_HOLD_READ]);
	core->now += sim->cost[from];
	if (writes && shared)
		take_from_all(core, line, bytes);
}

uint32_t rm_sim_fetch(struct rm_sim_core *core, uint32_t line, uint64_t bytes,
        bool writes, const void *site)
{
	struct rm_sim *sim = core->sim;
	struct rm_sim_entry *entry = &sim->dir[line];
	enum rm_sim_count kind = kind_of_miss(core, line);
	bool alone;

	if (sim->watched)
		rm_sim_watch_event(core, kind, line, bytes, writes, site);
	core->count[RM_SIM_L2_MISSES]++;
	if (entry->owner)
		fetch_from_owner(core, line, bytes, writes);
	else
		fetch_from_below(core, line, bytes, writes);
	/* E if no other core holds the line, so that its first write needs no
	   upgrade */
	alone = !others_hold(entry, core->id);
	rm_sim_bit_set(entry->holds, core->id, true);
	entry->owner = (uint16_t)(alone ? core->id + 1 : 0);
	return writes ? RM_SIM_MODIFIED : alone ? RM_SIM_OWNED : 0;
}
