/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - creates and destroys a machine, and lays out its memory. */
#include "runner/sim/model/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Rounds up to a multiple of the host's cache line. */
static size_t rounded(size_t bytes)
{
	return (bytes + 63) & ~(size_t)63;
}

/* Offsets of the parts of a core, in memory order. */
struct layout {
	size_t front, rest, trees, l2, l2_used, all;
};

static struct layout layout_of(const struct rm_sim *sim)
{
	const struct rm_sim_level *l1d = &sim->mach.l1d, *l2 = &sim->mach.l2;
	size_t slot = sizeof(struct rm_sim_slot);
	struct layout layout;

	/* The fronts follow the core directly, because a hit of the front is
	   the most frequent access and reads only these two parts. */
	layout.front = sizeof(struct rm_sim_core);
	layout.rest = rounded(layout.front + l1d->sets * slot);
	layout.trees = rounded(
	        layout.rest + l1d->sets * rm_sim_padded(l1d->ways - 1) * slot);
	layout.l2 = rounded(layout.trees + l1d->sets * sizeof(uint32_t));
	layout.l2_used = rounded(layout.l2 + (size_t)l2->sets * sim->l2_stride *
	                                             sizeof(uint32_t));
	layout.all = rounded(layout.l2_used +
	                     (size_t)l2->sets * l2->ways * sizeof(uint64_t));
	/* An odd number of lines, so that the same part of different cores is
	   in different sets of the host's caches. */
	layout.all |= 64;
	return layout;
}

/* Empties a cache. Pads each set with empty tags, since rm_sim_find() compares
   four tags at a time. With `places` (L2), each set has one byte per way after
   the tags: the index of the way's used bytes, which do not move with a tag
   (l2.c). */
static void empty_sets(uint32_t *sets, const struct rm_sim_level *level,
        uint32_t stride, bool places)
{
	unsigned padded = rm_sim_padded(level->ways);

	for (uint32_t set = 0; set < level->sets; set++, sets += stride)
		for (uint32_t i = 0; i < padded; i++) {
			sets[i] = RM_SIM_EMPTY;
			if (places)
				((uint8_t *)(sets + padded))[i] = (uint8_t)i;
		}
}

static void make_core(
        struct rm_sim *sim, unsigned id, const struct layout *layout)
{
	struct rm_sim_core *core = rm_sim_core_at(sim, id);
	char *base = (char *)core;

	core->sim = sim;
	core->id = (uint8_t)id;
	core->now = 1; /* later than the limit of watched cores */
	core->set_mask = sim->l1d_mask;
	core->hit_cycles =
	        sim->cost[RM_SIM_COST_BASE] + sim->cost[RM_SIM_COST_L1D];
	core->rmw_cycles = sim->cost[RM_SIM_COST_RMW];
	core->rmw_loads = sim->mach.rmw_loads;
	core->rest = (uint32_t *)(base + layout->rest);
	if (sim->mach.l1d.policy == RM_SIM_PLRU)
		core->trees = (uint32_t *)(base + layout->trees);
	core->l2 = (uint32_t *)(base + layout->l2);
	core->l2_used = (uint64_t *)(base + layout->l2_used);
	rm_sim_l1d_empty(core);
	empty_sets(core->l2, &sim->mach.l2, sim->l2_stride, true);
}

/* Returns the number of words of a set, at least `least`. Sets fill whole cache
   lines of the host, so that two sets never share a line. */
static uint32_t power_of_two(uint32_t least)
{
	uint32_t power = 16; /* number of words in a cache line of the host */

	while (power < least)
		power *= 2;
	return power;
}

static void set_sizes(struct rm_sim *sim, uint64_t bytes)
{
	const struct rm_sim_mach *mach = &sim->mach;

	for (int i = 0; i < RM_SIM_COSTS; i++)
		sim->cost[i] = mach->cost[i].value;
	sim->lines =
	        (uint32_t)((bytes + RM_SIM_LINE_BYTES - 1) / RM_SIM_LINE_BYTES);
	sim->l1d_mask = mach->l1d.sets - 1;
	sim->l1d_ways = mach->l1d.ways;
	sim->l2_mask = mach->l2.sets - 1;
	/* 5 / 4: for four tags, there are four bytes with indexes (l2.c) */
	sim->l2_stride = power_of_two(rm_sim_padded(mach->l2.ways) * 5 / 4);
	sim->llc_mask = mach->llc.sets - 1;
	sim->llc_stride = power_of_two(mach->llc.ways);
	sim->regions = 1;
	snprintf(sim->region[0].name, RM_SIM_NAME_BYTES, "other");
	sim->region[0].bytes = bytes;
}

static size_t llc_bytes(const struct rm_sim *sim)
{
	return (size_t)sim->mach.llc.sets * sim->llc_stride * sizeof(uint32_t);
}

/* Allocates the parts. If one allocation fails, rm_sim_destroy() frees the
   others. */
static int make_parts(struct rm_sim *sim)
{
	struct layout layout = layout_of(sim);

	sim->core_stride = layout.all;
	sim->core_bytes = rm_sim_sparse(layout.all * sim->cores);
	sim->dir = rm_sim_sparse(sim->lines * sizeof(*sim->dir));
	sim->region_of = rm_sim_sparse(sim->lines);
	sim->node =
	        aligned_alloc(64, rounded(2 * sizeof(*sim->node) * sim->cores));
	if (sim->mach.llc.sets)
		sim->llc = rm_sim_sparse(llc_bytes(sim));
	if (!sim->core_bytes || !sim->dir || !sim->region_of || !sim->node ||
	        (sim->mach.llc.sets && !sim->llc))
		return -ENOMEM;
	/* without huge pages, random lines would also miss the host's TLB */
	madvise(sim->core_bytes, layout.all * sim->cores, MADV_HUGEPAGE);
	madvise(sim->dir, sim->lines * sizeof(*sim->dir), MADV_HUGEPAGE);
	for (unsigned i = 0; i < 2 * sim->cores; i++)
		sim->node[i] = (struct rm_sim_node){ UINT64_MAX, UINT64_MAX };
	for (unsigned id = 0; id < sim->cores; id++)
		make_core(sim, id, &layout);
	if (sim->llc)
		empty_sets(sim->llc, &sim->mach.llc, sim->llc_stride, false);
	return 0;
}

int rm_sim_create(const struct rm_sim_mach *mach, unsigned cores,
        uint64_t bytes, struct rm_sim **sim, struct rm_error *error)
{
	struct rm_sim *made;

	if (cores < 1 || cores > RM_SIM_CORES_MAX)
		return rm_error_set(error, -EINVAL,
		        "%u cores to simulate, expected 1 to %d", cores,
		        RM_SIM_CORES_MAX);
	if (bytes < 1 || bytes > RM_SIM_SPACE_BYTES)
		return rm_error_set(error, -EINVAL,
		        "a space of %llu bytes, expected 1 to %llu",
		        (unsigned long long)bytes,
		        (unsigned long long)RM_SIM_SPACE_BYTES);
	made = calloc(1, sizeof(*made));
	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	made->mach = *mach;
	made->cores = cores;
	made->bound = RM_SIM_FOREVER;
	set_sizes(made, bytes);
	if (make_parts(made)) {
		rm_sim_destroy(made);
		return rm_error_set(error, -ENOMEM,
		        "no address space for %u cores and %llu bytes", cores,
		        (unsigned long long)bytes);
	}
	*sim = made;
	return 0;
}

/* `memory` may be NULL. */
static void unmap(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

void rm_sim_destroy(struct rm_sim *sim)
{
	if (!sim)
		return;
	rm_sim_watch_free(sim);
	unmap(sim->core_bytes, sim->core_stride * sim->cores);
	unmap(sim->dir, sim->lines * sizeof(*sim->dir));
	unmap(sim->region_of, sim->lines);
	unmap(sim->llc, llc_bytes(sim));
	free(sim->node);
	free(sim);
}

const struct rm_sim_mach *rm_sim_machine(const struct rm_sim *sim)
{
	return &sim->mach;
}

struct rm_sim_core *rm_sim_core(struct rm_sim *sim, unsigned id)
{
	return rm_sim_core_at(sim, id);
}
