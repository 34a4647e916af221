/* SPDX-License-Identifier: Apache-2.0 */
/* plan_simulated.c - rules for cells on a simulated machine, which has its own
   cores, a counted window and modelled time. */
#include "runner/plan/internal.h"

#include <stdio.h>

enum {
	CORES_MAX = 128,     /* limit of runner/sim/sim.h */
	ACCESS_NS = 80,      /* of the host, per access, with 64 loaded cores */
	ACCESSES = 12,       /* per operation, estimated */
	WARM_UPS = 2,        /* operations before the window, per one in it */
	COPIED_KEY_NS = 200, /* per key, for a write that copies the map */
	CORE_BYTES = 96 << 10,
	MODEL_BYTES = 64 << 20,
};

uint64_t rm_plan_simulated_ns(const struct rm_cell *cell, bool slow_writes)
{
	uint64_t ops = cell->window_ops * cell->threads * (1 + WARM_UPS);
	uint64_t renewals = 2 * cell->keys * cell->renewals;
	uint64_t ns = (ops + cell->keys + renewals) * ACCESSES * ACCESS_NS;

	if (slow_writes)
		ns += (uint64_t)(((double)ops * cell->write_share +
		                         (double)renewals) *
		                 (double)cell->keys * COPIED_KEY_NS);
	return ns;
}

uint64_t rm_plan_simulated_bytes(const struct rm_cell *cell)
{
	return MODEL_BYTES + cell->threads * (uint64_t)CORE_BYTES;
}

bool rm_plan_simulated_is_distinct(const unsigned *at)
{
	/* a simulated machine has one placement and one memory policy */
	return at[RM_KEY_PLACEMENT] == 0 && at[RM_KEY_MEMORY] == 0 &&
	       at[RM_KEY_ALLOCATOR] == 0 && at[RM_KEY_HUGE_PAGES] == 0;
}

void rm_plan_simulated_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell)
{
	const struct rm_plan_options *options = planning->options;
	char why[RM_NAME_BYTES * 4] = "";
	bool slow = map->caps & RM_CAP_SLOW_WRITES;
	uint64_t ns = rm_plan_simulated_ns(cell, slow);

	if (cell->allocator != RM_ALLOCATOR_GLIBC ||
	        cell->huge_pages != RM_HUGE_PAGES_SYSTEM)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "not simulated: the machine has its own allocator");
	else if (options->can_simulate &&
	         !options->can_simulate(map->id, why, sizeof(why)))
		snprintf(cell->skip, RM_REASON_BYTES, "not simulated: %s", why);
	else if (cell->threads > CORES_MAX)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "not simulated: %u threads, the machine has at most %d "
		        "cores",
		        cell->threads, CORES_MAX);
	else if (ns > cell->deadline_ns / 2)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "not simulated: would take about %.0f s, expected at "
		        "most half of the deadline, %.0f s",
		        (double)ns / 1e9, (double)cell->deadline_ns / 2e9);
}
