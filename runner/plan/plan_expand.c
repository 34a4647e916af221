/* SPDX-License-Identifier: Apache-2.0 */
/* plan_expand.c - the cells of one workload: every choice of its lists. */
#include "runner/plan/internal.h"
#include "runner/plan/placement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OVERSUBSCRIBED_NS = 4000000 }; /* of window per thread and CPU */
enum { USUAL_LLC_BYTES = 32 << 20 };  /* where hwloc knows no cache */
enum { THREADS_MAX = 4096 }; /* that a line of a workload may ask for */

/* Dimensions, the first changes slowest. */
static const enum rm_workload_key dimensions[] = { RM_KEY_SHAPE,
	RM_KEY_KEY_BYTES, RM_KEY_VALUE_BYTES, RM_KEY_KEY_DIFFERS, RM_KEY_KEYS,
	RM_KEY_DIST, RM_KEY_MISSES, RM_KEY_WRITES, RM_KEY_WRITE_KIND,
	RM_KEY_THREADS, RM_KEY_PLACEMENT, RM_KEY_MEMORY, RM_KEY_PRESIZE,
	RM_KEY_SETTLE, RM_KEY_CLOCK_RATE, RM_KEY_ALLOCATOR, RM_KEY_HUGE_PAGES,
	RM_KEY_GOROUTINES, RM_KEY_LOOP, RM_KEY_RATE, RM_KEY_ARRIVALS,
	RM_KEY_MEASURE };
enum { DIMENSIONS = sizeof(dimensions) / sizeof(*dimensions) };

/* A choice: for each key the position in its list. */
struct choice {
	unsigned at[RM_WORKLOAD_KEYS];
};

/* An odometer: the last dimension turns fastest. After false all positions are
   0 again. */
static bool next(const struct rm_workload *workload, struct choice *choice)
{
	for (int i = DIMENSIONS - 1; i >= 0; i--) {
		enum rm_workload_key key = dimensions[i];

		if (++choice->at[key] < workload->count[key])
			return true;
		choice->at[key] = 0;
	}
	return false;
}

/* Keys that are no list in a workload: their one value holds for all of its
   cells. */
static const enum rm_workload_key given[] = { RM_KEY_WARM_UP, RM_KEY_WINDOW,
	RM_KEY_DEADLINE, RM_KEY_BLOCKS, RM_KEY_REPEAT_WAIT, RM_KEY_REPEAT_MOST,
	RM_KEY_REPEAT_SHARE };
enum { GIVEN = sizeof(given) / sizeof(*given) };

/* A part is rounded down, but for the last thread; of a multiple there are at
   most as many as a file may ask for. */
static unsigned threads_of(
        const struct rm_topology *topology, const struct rm_cell *asked)
{
	enum rm_threads_unit unit = asked->threads_unit;
	unsigned all =
	        unit == RM_THREADS_CORES || unit == RM_THREADS_TIMES_CORES
	                ? topology->cores
	                : topology->cpus;

	if (unit == RM_THREADS_COUNT)
		return asked->threads;
	if (unit == RM_THREADS_TIMES_CORES || unit == RM_THREADS_TIMES_CPUS)
		return all > THREADS_MAX / asked->threads
		               ? THREADS_MAX
		               : all * asked->threads;
	return all < asked->threads ? 1 : all / asked->threads;
}

/*
 * For `keys = llc*N`: so many that keys and values alone are N times one
 * last-level cache, whatever a map adds; a power of two. At most as many as take
 * a sixteenth of the available memory: then a trial takes seconds to fill, and
 * the plan does not depend on what else has memory at the moment.
 */
static uint64_t keys_beyond_llc(
        const struct rm_planning *planning, const struct rm_cell *cell)
{
	const uint64_t known = rm_topology_llc_bytes(planning->topology);
	const uint64_t wanted = (known ? known : USUAL_LLC_BYTES) * cell->keys;
	const uint64_t most = planning->available_bytes / 16;
	struct rm_cell sized = *cell;

	sized.keys = 2;
	while ((double)sized.keys < rm_factors[RM_KEY_KEYS].most &&
	        rm_plan_payload_bytes(&sized) < wanted &&
	        (!most || rm_plan_keys_bytes(&sized) <= most / 2))
		sized.keys *= 2;
	return sized.keys;
}

/* Threads take turns: each needs a few time slices within the window. */
static void widen_window(struct rm_cell *cell, unsigned cpus)
{
	uint64_t least_ns = OVERSUBSCRIBED_NS * (uint64_t)cell->threads / cpus;

	if (cell->threads > cpus && cell->window_ns &&
	        cell->window_ns < least_ns)
		cell->window_ns = least_ns;
}

/* What one factor says about others. */
static void settle(struct rm_cell *cell, unsigned cpus)
{
	if (cell->write_share == 0)
		cell->write_kind = RM_UPDATE; /* no write, no kind */
	if (rm_loop_runs_once(cell->loop.kind))
		cell->warm_up_ns = 0;
	if (rm_loop_fills(cell->loop.kind)) { /* as many as there are keys */
		const uint64_t beside =
		        cell->loop.kind == RM_LOOP_GROW
		                ? cell->loop.args[0] + cell->loop.args[1]
		                : 0;

		cell->window_ns = 0;
		cell->window_ops =
		        ((cell->keys - 1) / cell->threads + 1) * (1 + beside);
	}
	widen_window(cell, cpus);
}

/* Whether `writes` is not said of this loop: of none, or of those beside it,
   which draw by it. */
static bool has_own_writes(
        const struct rm_workload *w, const struct rm_cell *cell)
{
	return !rm_loop_draws_writes(cell->loop.kind) &&
	       (!w->count[RM_KEY_WRITES] || rm_workload_draws_writes(w));
}

static void fill(const struct rm_planning *planning,
        const struct rm_workload *w, const struct choice *choice,
        struct rm_cell *cell)
{
	*cell = (struct rm_cell){ 0 };
	strcpy(cell->workload, w->name);
	for (int i = 0; i < DIMENSIONS; i++)
		rm_factor_copy(dimensions[i],
		        &w->values[choice->at[dimensions[i]]], cell);
	for (int i = 0; i < GIVEN; i++)
		rm_factor_copy(given[i], &w->values[0], cell);
	cell->threads = threads_of(planning->topology, cell);
	cell->threads_unit = RM_THREADS_COUNT;
	if (cell->loop.kind != RM_LOOP_PACED) {
		cell->rate_per_s = 0;
		cell->arrivals = RM_ARRIVALS_POISSON;
	}
	rm_cell_resize(cell);
	if (cell->keys_fill_llc)
		cell->keys = keys_beyond_llc(planning, cell);
	cell->keys_fill_llc = false;
	rm_plan_trace_fill(&planning->traces[choice->at[RM_KEY_KEYS]], w, cell);
	if (has_own_writes(w, cell))
		cell->write_share = rm_cell_own_writes(cell);
	settle(cell, planning->topology->cpus);
}

/* The list names this number of threads earlier, in other words. */
static bool threads_again(const struct rm_topology *topology,
        const struct rm_workload *w, unsigned at, unsigned threads)
{
	for (unsigned i = 0; i < at; i++)
		if (threads_of(topology, &w->values[i]) == threads)
			return true;
	return false;
}

/*
 * Open loops have latency; closed loops throughput and counters, and a latency
 * where the subject times its own operations; all have causes. What does not
 * matter to a cell is not varied: rate and arrivals of closed loops, writes of
 * loops that do not draw them, the kind of no writes.
 */
static bool makes_sense(const struct rm_planning *planning,
        const struct rm_workload *w, const struct choice *choice,
        const struct rm_cell *cell)
{
	const unsigned *at = choice->at;
	bool paced = cell->loop.kind == RM_LOOP_PACED;

	if (cell->measure == RM_MEASURE_SIMULATED &&
	        !rm_plan_simulated_makes_sense(at))
		return false;
	if (!rm_workload_measures(cell->loop.kind, cell->measure) ||
	        threads_again(planning->topology, w, at[RM_KEY_THREADS],
	                cell->threads))
		return false;
	if (!paced && (at[RM_KEY_RATE] || at[RM_KEY_ARRIVALS]))
		return false;
	if (has_own_writes(w, cell) && at[RM_KEY_WRITES])
		return false;
	return cell->write_share > 0 || at[RM_KEY_WRITE_KIND] == 0;
}

/* Two kinds of cell get no CPUs: where nobody wants threads bound, and on a
   simulated machine, whose cores are not these. */
static int place(const struct rm_planning *planning,
        const struct rm_workload *w, struct rm_cell *cell)
{
	struct rm_placement placement;
	struct rm_error why = { "" };
	int failed = rm_memory_check(planning->topology, cell->memory, &why);

	if (failed)
		return rm_error_set(planning->error, failed, "%s: memory = %s",
		        w->where[RM_KEY_MEMORY], why.text);
	failed = rm_placement_parse(cell->placement, &placement, &why);
	if (!failed && (placement.place == RM_PLACE_NONE ||
	                       cell->measure == RM_MEASURE_SIMULATED))
		return 0;
	cell->cpus = calloc(cell->threads, sizeof(*cell->cpus));
	cell->cpu_count = cell->threads;
	if (!cell->cpus)
		return rm_error_set(planning->error, -ENOMEM, "out of memory");
	if (!failed)
		failed = rm_placement_choose(planning->topology, &placement,
		        cell->threads, cell->cpus, &why);
	if (failed)
		return rm_error_set(planning->error, failed,
		        "%s: placement = %s", w->where[RM_KEY_PLACEMENT],
		        why.text);
	return 0;
}

/* What would end the campaign rather than one cell: swapping, threads without a
   key, or a trial that is killed at its deadline as a matter of course. */
static int check_cell(const struct rm_planning *planning,
        const struct rm_workload *w, const struct rm_cell *cell)
{
	uint64_t payload = rm_plan_payload_bytes(cell);
	uint64_t half = planning->available_bytes / 2;
	const double mib = 1 << 20;

	if (half && payload > half)
		return rm_error_set(planning->error, -EINVAL,
		        "%s: keys = %llu of %s are %.1f MiB, expected at most "
		        "half of the available memory, %.1f MiB",
		        w->where[RM_KEY_KEYS], (unsigned long long)cell->keys,
		        rm_cell_shape_name(cell), (double)payload / mib,
		        (double)half / mib);
	if (rm_loop_needs_key_each(cell->loop.kind) &&
	        cell->keys < cell->threads)
		return rm_error_set(planning->error, -EINVAL,
		        "%s: keys = %llu and %u threads with loop = %s, "
		        "expected a key or more for each thread",
		        w->where[RM_KEY_KEYS], (unsigned long long)cell->keys,
		        cell->threads, rm_loop_name(cell->loop.kind));
	if (cell->warm_up_ns + cell->window_ns >= cell->deadline_ns)
		return rm_error_set(planning->error, -EINVAL,
		        "%s: deadline = %.3gs, expected more than warm-up and "
		        "window, which are %.3gs with %u threads on %u CPUs",
		        w->where[RM_KEY_DEADLINE],
		        (double)cell->deadline_ns / 1e9,
		        (double)(cell->warm_up_ns + cell->window_ns) / 1e9,
		        cell->threads, planning->topology->cpus);
	return 0;
}

static bool named(const struct rm_workload *w, const char *id)
{
	for (unsigned i = 0; i < w->count[RM_KEY_MAPS]; i++)
		if (!strcmp(w->values[i].map, id))
			return true;
	return false;
}

/* Whether its threads may be the scheduler's; those of others are threads. */
static bool has_goroutines(const struct rm_map_info *map)
{
	return map->language && !strcmp(map->language, "go");
}

/* One cell for every chosen map; `cell` lends its CPUs. */
static int add_for_maps(struct rm_planning *planning,
        const struct rm_workload *w, const bool *chosen,
        const struct rm_cell *cell)
{
	for (size_t i = 0; i < planning->catalog->count; i++) {
		const struct rm_map_info *map = &planning->catalog->maps[i];
		struct rm_cell own = *cell;
		int failed;

		/* what nobody named and does not fit is not worth a line */
		if (!chosen[i] || (!rm_plan_suits(map, cell->loop.kind) &&
		                          !named(w, map->id)))
			continue;
		own.cpus = NULL;
		if (cell->cpus) {
			size_t size = cell->cpu_count * sizeof(*cell->cpus);

			own.cpus = malloc(size);
			if (!own.cpus)
				return rm_error_set(planning->error, -ENOMEM,
				        "out of memory");
			memcpy(own.cpus, cell->cpus, size);
		}
		snprintf(own.map, sizeof(own.map), "%s", map->id);
		if (!has_goroutines(map))
			own.goroutines = RM_GOROUTINES_FREE;
		if (rm_plan_suits(map, cell->loop.kind))
			rm_plan_judge(planning, map, &own);
		else
			snprintf(own.skip, sizeof(own.skip),
			        "it has no loop of the kind %s",
			        rm_loop_name(cell->loop.kind));
		failed = rm_plan_add(planning, &own, w->values[0].base);
		if (failed)
			return failed;
	}
	return 0;
}

/* Threads that share a CPU wait for each other, by plan. */
static bool take_turns(const struct rm_cell *cell, unsigned cpus)
{
	if (cell->threads > cpus)
		return true;
	for (unsigned i = 1; i < cell->cpu_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (cell->cpus[i] == cell->cpus[j])
				return true;
	return false;
}

/* Which trials may be run again, and whether for waiting: only what is timed is
   spoilt by that, and a simulated trial would end as it did before. */
static void settle_repeats(struct rm_cell *cell, unsigned cpus)
{
	bool timed = cell->measure == RM_MEASURE_THROUGHPUT ||
	             cell->measure == RM_MEASURE_LATENCY;

	if (cell->measure == RM_MEASURE_SIMULATED)
		cell->repeat_most = 0;
	if (!timed || take_turns(cell, cpus))
		cell->repeat_wait = 0;
}

static int add_choice(struct rm_planning *planning, const struct rm_workload *w,
        const struct choice *choice, const bool *chosen)
{
	struct rm_cell cell;
	int failed;

	fill(planning, w, choice, &cell);
	if (!makes_sense(planning, w, choice, &cell))
		return 0;
	failed = place(planning, w, &cell);
	settle_repeats(&cell, planning->topology->cpus);
	if (!failed)
		failed = check_cell(planning, w, &cell);
	if (!failed)
		failed = add_for_maps(planning, w, chosen, &cell);
	free(cell.cpus);
	return failed;
}

int rm_plan_expand(
        struct rm_planning *planning, const struct rm_workload *workload)
{
	struct rm_plan_trace traces[RM_LIST_MAX] = { { .file = "" } };
	bool chosen[planning->catalog->count + 1];
	struct choice choice = { { 0 } };
	int failed = rm_plan_choose_maps(planning, workload, chosen);

	if (!failed)
		failed = rm_plan_traces_load(planning, workload, traces);
	if (failed)
		return failed;
	planning->traces = traces;
	do {
		failed = add_choice(planning, workload, &choice, chosen);
	} while (!failed && next(workload, &choice));
	planning->traces = NULL;
	return failed;
}
