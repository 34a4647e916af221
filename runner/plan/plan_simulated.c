/* SPDX-License-Identifier: Apache-2.0 */
/* plan_simulated.c - rules for cells on a simulated machine, which has its own
   cores, counts operations instead of time in its window, and has virtual
   time. */
#include "runner/base/json.h"
#include "runner/plan/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Costs, fitted to tests/fixtures/simulated-costs.tsv, in time of the real
   machine. A warm-up has a length in virtual time. In this time, a core does as
   many operations as it can, and far fewer if it waits for locks. */
enum {
	CORES_MAX = 128, /* limit of runner/sim/sim.h */
	KEY_NS = 5000,   /* insertion of a key by one core */
	KEY_CORES = 16,  /* this number of cores doubles KEY_NS, since cores
	                    share cache lines */
	OPERATION_NS = 300,
	OPERATION_CORE_NS = 50,   /* in addition, for each core */
	OPERATION_LOCKED_NS = 20, /* if cores wait for locks */
	NO_STATE_NS = 30,         /* operation of a stateless map */
	COPIED_KEY_NS = 600,      /* per key, if writes copy the map */
	/* Real time per ns of the warm-up. WARM_CORE: per core, times the cube
	   root of the number of cores, because more lines move. The others: per
	   core that waits for locks; and for all cores together if they wait
	   for one lock, or for a writer that copies the map. */
	WARM_CORE = 18,
	WARM_STATELESS_CORE = 27,
	WARM_LOCKED_CORE = 7,
	WARM_ONE_LOCK = 8,
	WARM_COPIES = 13,
	CORE_BYTES = 96 << 10,
	MODEL_BYTES = 64 << 20,
};

static bool has_one_lock(const struct rm_map_info *map)
{
	return !strcmp(rm_json_text(map->json, "family"), "lock");
}

/* True if look-ups take locks. */
static bool has_locks(const struct rm_map_info *map)
{
	return has_one_lock(map) ||
	       strstr(rm_json_text(map->json, "sync"), "rw");
}

static double warm_up_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	const double ns = (double)cell->warm_up_ns;

	if (map->caps & RM_CAP_NO_STATE)
		return WARM_STATELESS_CORE * ns * cell->threads;
	if (map->caps & RM_CAP_SLOW_WRITES && cell->write_share > 0)
		return WARM_COPIES * ns;
	if (has_one_lock(map) && cell->threads > 1)
		return WARM_ONE_LOCK * ns;
	if (has_locks(map))
		return WARM_LOCKED_CORE * ns * cell->threads;
	return WARM_CORE * ns * cell->threads * cbrt(cell->threads);
}

static double operation_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	const int core_ns =
	        has_locks(map) ? OPERATION_LOCKED_NS : OPERATION_CORE_NS;

	return map->caps & RM_CAP_NO_STATE
	               ? NO_STATE_NS
	               : OPERATION_NS + (double)core_ns * cell->threads;
}

uint64_t rm_plan_simulated_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	const double threads = cell->threads, keys = (double)cell->keys;
	const double ops = (double)cell->window_ops * threads;
	const double renewals = 2 * keys * cell->renewals;
	double ns = warm_up_ns(cell, map) + ops * operation_ns(cell, map);

	if (!(map->caps & RM_CAP_NO_STATE))
		ns += (keys + renewals) * KEY_NS * (1 + threads / KEY_CORES);
	if (map->caps & RM_CAP_SLOW_WRITES)
		ns += (ops * cell->write_share + renewals) * keys *
		      COPIED_KEY_NS;
	return (uint64_t)ns;
}

uint64_t rm_plan_simulated_bytes(const struct rm_cell *cell)
{
	return MODEL_BYTES + cell->threads * (uint64_t)CORE_BYTES;
}

bool rm_plan_simulated_is_distinct(const unsigned *at)
{
	/* a simulated machine has one placement, memory policy and allocator */
	return at[RM_KEY_PLACEMENT] == 0 && at[RM_KEY_MEMORY] == 0 &&
	       at[RM_KEY_ALLOCATOR] == 0 && at[RM_KEY_HUGE_PAGES] == 0;
}

void rm_plan_simulated_judge(const struct rm_planning *planning,
        const struct rm_map_info *map, struct rm_cell *cell)
{
	const struct rm_plan_options *options = planning->options;
	char why[RM_NAME_BYTES * 4] = "";
	uint64_t ns = rm_plan_simulated_ns(cell, map);

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
		        "most half of the deadline, %.0f s: set deadline = "
		        "%.0fs or fewer keys, operations or threads, or a "
		        "shorter warm-up, which is virtual time, such as "
		        "warm-up = 500us",
		        (double)ns / 1e9, (double)cell->deadline_ns / 2e9,
		        ceil((double)ns / 1e9) * 2 + 1);
}
