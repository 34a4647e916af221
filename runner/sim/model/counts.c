/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counts.c - keeps counts per core and per named region of memory.
 *
 * A reset clears the counts, but not the caches and clocks. A window thus
 * starts in the state after the warm-up, as on a real machine.
 */
#include "runner/sim/model/internal.h"

#include <errno.h>
#include <stdio.h>

const char *const rm_sim_count_name[RM_SIM_COUNTS] = {
	[RM_SIM_LOADS] = "loads",
	[RM_SIM_STORES] = "stores",
	[RM_SIM_ATOMICS] = "atomics",
	[RM_SIM_RMWS] = "rmws",
	[RM_SIM_LOAD_MISSES] = "l1d_load_misses",
	[RM_SIM_STORE_MISSES] = "l1d_store_misses",
	[RM_SIM_COLD_MISSES] = "cold_misses",
	[RM_SIM_CAPACITY_MISSES] = "capacity_misses",
	[RM_SIM_COHERENCE_MISSES] = "coherence_misses",
	[RM_SIM_FALSE_MISSES] = "false_sharing_misses",
	[RM_SIM_REPLACEMENTS] = "l1d_replacements",
	[RM_SIM_INVALIDATIONS] = "invalidations",
	[RM_SIM_FALSE_INVALIDATIONS] = "false_sharing_invalidations",
	[RM_SIM_TRUE_INVALIDATIONS] = "true_sharing_invalidations",
	[RM_SIM_UPGRADES] = "upgrades",
	[RM_SIM_TRANSFERS_MODIFIED] = "transfers_modified",
	[RM_SIM_TRANSFERS_CLEAN] = "transfers_clean",
	[RM_SIM_L2_MISSES] = "l2_misses",
	[RM_SIM_LLC_MISSES] = "llc_misses",
	[RM_SIM_WRITEBACKS] = "writebacks",
	[RM_SIM_OPERATION_LINES] = "operation_lines",
	[RM_SIM_WAIT_CYCLES] = "wait_cycles",
	[RM_SIM_FUTEX_WAITS] = "futex_waits",
	[RM_SIM_FUTEX_WAKES] = "futex_wakes",
	[RM_SIM_TURNS] = "turns",
};

/* Returns the latest clock of all cores, since the last core ends the trial. */
static uint64_t latest(const struct rm_sim *sim)
{
	uint64_t latest = 0;

	for (unsigned id = 0; id < sim->cores; id++) {
		const struct rm_sim_core *core = rm_sim_core_at(sim, id);

		latest = core->now > latest ? core->now : latest;
	}
	return latest;
}

void rm_sim_counts_reset(struct rm_sim *sim)
{
	for (unsigned id = 0; id < sim->cores; id++) {
		struct rm_sim_core *core = rm_sim_core_at(sim, id);

		memset(core->count, 0, sizeof(core->count));
	}
	for (unsigned i = 0; i < sim->regions; i++) {
		struct rm_sim_region fresh = { .bytes = sim->region[i].bytes };

		memcpy(fresh.name, sim->region[i].name, sizeof(fresh.name));
		sim->region[i] = fresh;
	}
	sim->started = latest(sim);
	rm_sim_watch_reset(sim);
}

uint64_t rm_sim_count(const struct rm_sim *sim, enum rm_sim_count which)
{
	uint64_t sum = 0;

	for (unsigned id = 0; id < sim->cores; id++)
		sum += rm_sim_core_at(sim, id)->count[which];
	return sum;
}

uint64_t rm_sim_cycles(const struct rm_sim *sim)
{
	return latest(sim) - sim->started;
}

/* Adds a word to a hash (FNV-1a over words). Golden files contain the hash, so
   the function must not change. */
static uint64_t add(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * UINT64_C(0x100000001b3);
}

uint64_t rm_sim_hash(const struct rm_sim *sim)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned id = 0; id < sim->cores; id++) {
		const struct rm_sim_core *core = rm_sim_core_at(sim, id);

		for (int i = 0; i < RM_SIM_COUNTS; i++)
			hash = add(hash, core->count[i]);
		hash = add(hash, core->now);
	}
	return hash;
}

/* Returns the number of the region with this name, or -ENOSPC. Makes the region
   if it does not exist. */
static int region_named(struct rm_sim *sim, const char *name)
{
	unsigned i = 1;
	struct rm_sim_region *region = &sim->region[1];

	for (; i < sim->regions; i++, region++)
		if (!strncmp(region->name, name, RM_SIM_NAME_BYTES - 1))
			return (int)i;
	if (i == RM_SIM_REGIONS_MAX)
		return -ENOSPC;
	snprintf(region->name, sizeof(region->name), "%s", name);
	sim->regions++;
	return (int)i;
}

int rm_sim_region(
        struct rm_sim *sim, const char *name, uint64_t offset, uint64_t bytes)
{
	uint64_t space = (uint64_t)sim->lines * RM_SIM_LINE_BYTES;
	int region;

	if (bytes == 0 || offset >= space || bytes > space - offset)
		return -EINVAL;
	region = region_named(sim, name);
	if (region < 0)
		return region;
	sim->region[region].bytes += bytes;
	/* rounded to whole lines; a shared line belongs to the later region */
	memset(sim->region_of + offset / RM_SIM_LINE_BYTES, region,
	        (size_t)((offset + bytes - 1) / RM_SIM_LINE_BYTES -
	                 offset / RM_SIM_LINE_BYTES + 1));
	return region;
}

const struct rm_sim_region *rm_sim_region_at(
        const struct rm_sim *sim, unsigned n)
{
	return n < sim->regions ? &sim->region[n] : NULL;
}
