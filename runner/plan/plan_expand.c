/* SPDX-License-Identifier: Apache-2.0 */
/* plan_expand.c - expands one workload to cells, one for each combination of
   its lists. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Minimum of window / (threads per CPU). */
enum { OVERSUBSCRIBED_NS = 4000000 };
enum { USUAL_LLC_BYTES = 32 << 20 }; /* used if hwloc finds no cache */
enum { THREADS_MAX = 4096 };         /* maximum of `threads` in a workload */

/* Dimensions of the sweep, in the order in which cells are listed. The first
   dimension changes slowest. */
static const enum rm_workload_key dimensions[] = { RM_KEY_SHAPE,
	RM_KEY_KEY_BYTES, RM_KEY_VALUE_BYTES, RM_KEY_KEY_DIFFERS, RM_KEY_KEYS,
	RM_KEY_DIST, RM_KEY_MISSES, RM_KEY_WRITES, RM_KEY_WRITE_KIND,
	RM_KEY_THREADS, RM_KEY_PLACEMENT, RM_KEY_MEMORY, RM_KEY_PRESIZE,
	RM_KEY_SETTLE, RM_KEY_CLOCK_RATE, RM_KEY_ALLOCATOR, RM_KEY_HUGE_PAGES,
	RM_KEY_GOROUTINES, RM_KEY_LOOP, RM_KEY_RATE, RM_KEY_ARRIVALS,
	RM_KEY_MEASURE };
enum { DIMENSIONS = sizeof(dimensions) / sizeof(*dimensions) };

/* One combination of values: for each key, the index into its list. */
struct choice {
	unsigned at[RM_WORKLOAD_KEYS];
};

/* Advances to the next combination. The last dimension changes fastest. After
   the last combination, returns false and sets all indexes to 0. */
static bool advance(const struct rm_workload *workload, struct choice *choice)
{
	for (int i = DIMENSIONS - 1; i >= 0; i--) {
		enum rm_workload_key key = dimensions[i];

		if (++choice->at[key] < workload->count[key])
			return true;
		choice->at[key] = 0;
	}
	return false;
}

/* Keys without lists. Their value applies to all cells. */
static const enum rm_workload_key single_keys[] = { RM_KEY_WARM_UP,
	RM_KEY_WINDOW, RM_KEY_DEADLINE, RM_KEY_BLOCKS, RM_KEY_REPEAT_WAIT,
	RM_KEY_REPEAT_MOST, RM_KEY_REPEAT_SHARE };
enum { SINGLE_KEYS = sizeof(single_keys) / sizeof(*single_keys) };

/* Computes the number of threads for values such as `cpus/2`. A fraction is
   rounded down, to at least 1. A multiple is at most THREADS_MAX. */
static unsigned count_threads(
        const struct rm_planning *planning, const struct rm_cell *requested)
{
	const struct rm_topology *topology = planning->topology;
	enum rm_threads_unit unit = requested->threads_unit;
	unsigned all =
	        unit == RM_THREADS_CORES || unit == RM_THREADS_TIMES_CORES
	                ? topology->cores
	                : topology->cpus;

	if (unit == RM_THREADS_COUNT)
		return requested->threads;
	if (unit == RM_THREADS_NODE_CORES)
		return planning->numa.node_cores;
	if (unit == RM_THREADS_TIMES_CORES || unit == RM_THREADS_TIMES_CPUS)
		return all > THREADS_MAX / requested->threads
		               ? THREADS_MAX
		               : all * requested->threads;
	return all < requested->threads ? 1 : all / requested->threads;
}

/* Returns the number of keys for `keys = llc*N`: the smallest power of two at
   which keys and values alone fill N last-level caches. They use at most a
   sixteenth of the available memory, so that a trial fills the map in seconds
   and the plan does not depend on the memory of other processes. */
static uint64_t keys_beyond_llc(
        const struct rm_planning *planning, const struct rm_cell *cell)
{
	const uint64_t known = rm_topology_llc_bytes(planning->topology);
	const uint64_t wanted = (known ? known : USUAL_LLC_BYTES) * cell->keys;
	const uint64_t limit = planning->limits.memory.left / 16;
	struct rm_cell sized = *cell;

	sized.keys = 2;
	while ((double)sized.keys < rm_factors[RM_KEY_KEYS].most &&
	        rm_plan_payload_bytes(&sized) < wanted &&
	        rm_plan_keys_bytes(&sized) <= limit / 2)
		sized.keys *= 2;
	return sized.keys;
}

/* Lengthens the window if threads share CPUs. Each thread then gets several
   time slices. */
static void widen_window(struct rm_cell *cell, unsigned cpus)
{
	uint64_t least_ns = OVERSUBSCRIBED_NS * (uint64_t)cell->threads / cpus;

	if (cell->threads > cpus && cell->window_ns &&
	        cell->window_ns < least_ns)
		cell->window_ns = least_ns;
}

static void adjust_factors(struct rm_cell *cell, unsigned cpus)
{
	if (cell->write_share == 0)
		cell->write_kind = RM_UPDATE; /* no effect without writes */
	if (rm_loop_runs_once(cell->loop.kind))
		cell->warm_up_ns = 0;
	if (rm_loop_fills(cell->loop.kind)) { /* one operation per key */
		const uint64_t extra_per_key =
		        cell->loop.kind == RM_LOOP_GROW
		                ? cell->loop.args[0] + cell->loop.args[1]
		                : 0;

		cell->window_ns = 0;
		cell->window_ops = ((cell->keys - 1) / cell->threads + 1) *
		                   (1 + extra_per_key);
	}
	widen_window(cell, cpus);
}

/* True if the key `writes` does not apply to this loop: it is not set, or
   another loop in the list uses it. */
static bool has_fixed_writes(
        const struct rm_workload *w, const struct rm_cell *cell)
{
	return !rm_loop_draws_writes(cell->loop.kind) &&
	       (!w->count[RM_KEY_WRITES] || rm_workload_draws_writes(w));
}

static void fill_cell(const struct rm_planning *planning,
        const struct rm_workload *w, const struct choice *choice,
        struct rm_cell *cell)
{
	*cell = (struct rm_cell){ 0 };
	strcpy(cell->workload, w->name);
	for (int i = 0; i < DIMENSIONS; i++)
		rm_factor_copy(dimensions[i],
		        &w->values[choice->at[dimensions[i]]], cell);
	for (int i = 0; i < SINGLE_KEYS; i++)
		rm_factor_copy(single_keys[i], &w->values[0], cell);
	cell->threads = count_threads(planning, cell);
	cell->threads_unit = RM_THREADS_COUNT;
	if (cell->loop.kind != RM_LOOP_PACED) {
		cell->rate_per_s = 0;
		cell->arrivals = RM_ARRIVALS_POISSON;
	}
	rm_cell_apply_lengths(cell);
	if (cell->keys_fill_llc)
		cell->keys = keys_beyond_llc(planning, cell);
	cell->keys_fill_llc = false;
	rm_plan_trace_fill(&planning->traces[choice->at[RM_KEY_KEYS]], w, cell);
	if (has_fixed_writes(w, cell))
		cell->write_share = rm_cell_fixed_write_share(cell);
	adjust_factors(cell, planning->topology->cpus);
}

/* True if an earlier value of the list produces the same number of threads. */
static bool repeats_threads(const struct rm_planning *planning,
        const struct rm_workload *w, unsigned at, unsigned threads)
{
	for (unsigned i = 0; i < at; i++)
		if (count_threads(planning, &w->values[i]) == threads)
			return true;
	return false;
}

/* Rejects combinations that are meaningless or duplicates. Open loops measure
   latency. Closed loops measure throughput and counters, and also latency if
   the map or technique times its own operations. All loops measure causes.
   Factors without effect use one value: rate and arrivals of closed loops,
   writes of loops that do not draw them, and the write kind without writes. */
static bool is_meaningful(const struct rm_planning *planning,
        const struct rm_workload *w, const struct choice *choice,
        const struct rm_cell *cell)
{
	const unsigned *at = choice->at;
	bool paced = cell->loop.kind == RM_LOOP_PACED;

	if (cell->measure == RM_MEASURE_SIMULATED &&
	        !rm_plan_simulated_is_distinct(at))
		return false;
	if (!rm_workload_measures(cell->loop.kind, cell->measure) ||
	        repeats_threads(planning, w, at[RM_KEY_THREADS], cell->threads))
		return false;
	if (!paced && (at[RM_KEY_RATE] || at[RM_KEY_ARRIVALS]))
		return false;
	if (has_fixed_writes(w, cell) && at[RM_KEY_WRITES])
		return false;
	return cell->write_share > 0 || at[RM_KEY_WRITE_KIND] == 0;
}

/* Assigns CPUs. Threads without placement get no CPUs, nor do simulated cells,
   since the simulated machine has its own cores. */
static int assign_cpus(const struct rm_planning *planning,
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

/* Rejects cells whose trials would always fail: some threads would have no key,
   or every trial would exceed the deadline. */
static int check_cell(const struct rm_planning *planning,
        const struct rm_workload *w, const struct rm_cell *cell)
{
	if (rm_loop_needs_key_per_thread(cell->loop.kind) &&
	        cell->keys < cell->threads)
		return rm_error_set(planning->error, -EINVAL,
		        "%s: keys = %llu and %u threads with loop = %s, "
		        "expected at least one key per thread",
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

static bool is_named(const struct rm_workload *w, const char *id)
{
	for (unsigned i = 0; i < w->count[RM_KEY_MAPS]; i++)
		if (!strcmp(w->values[i].map, id))
			return true;
	return false;
}

/* True if the map runs goroutines; other maps run threads. */
static bool has_goroutines(const struct rm_map_info *map)
{
	return map->language && !strcmp(map->language, "go");
}

/* Adds the cell for every selected map. Each copy owns its list of CPUs. */
static int add_for_maps(struct rm_planning *planning,
        const struct rm_workload *w, const bool *chosen,
        const struct rm_cell *cell)
{
	for (size_t i = 0; i < planning->catalog->count; i++) {
		const struct rm_map_info *map = &planning->catalog->maps[i];
		struct rm_cell copy = *cell;
		int failed;

		/* omits maps without this loop, except if the workload names
		   them */
		if (!chosen[i] || (!rm_plan_has_loop(map, cell->loop.kind) &&
		                          !is_named(w, map->id)))
			continue;
		copy.cpus = NULL;
		if (cell->cpus) {
			size_t size = cell->cpu_count * sizeof(*cell->cpus);

			copy.cpus = malloc(size);
			if (!copy.cpus)
				return rm_error_set(planning->error, -ENOMEM,
				        "out of memory");
			memcpy(copy.cpus, cell->cpus, size);
		}
		snprintf(copy.map, sizeof(copy.map), "%s", map->id);
		if (!has_goroutines(map))
			copy.goroutines = RM_GOROUTINES_FREE;
		if (rm_plan_has_loop(map, cell->loop.kind))
			rm_plan_judge(planning, map, &copy);
		else
			snprintf(copy.skip, sizeof(copy.skip),
			        "this map has no loop of kind %s",
			        rm_loop_name(cell->loop.kind));
		failed = rm_plan_add(planning, &copy, w->values[0].base);
		if (failed)
			return failed;
	}
	return 0;
}

/* Sets how often trials may be repeated, and whether other programs are a
   reason. Other programs disturb only timed cells: a simulated trial is
   deterministic. If unbound threads outnumber the CPUs, they wait for each
   other, and the CPU time of other programs is known for bound threads only. */
static void set_repeat_limits(struct rm_cell *cell, unsigned cpus)
{
	bool timed = cell->measure == RM_MEASURE_THROUGHPUT ||
	             cell->measure == RM_MEASURE_LATENCY;

	if (cell->measure == RM_MEASURE_SIMULATED)
		cell->repeat_most = 0;
	if (!timed || (!cell->cpu_count && cell->threads > cpus))
		cell->repeat_wait = 0;
}

/* Adds placement and memory of the cell to the plan's list, each pair once. */
static void note_left_out(struct rm_plan *plan, const struct rm_cell *cell)
{
	char pair[2 * RM_NAME_BYTES + 40];
	size_t used = strlen(plan->left_out);

	snprintf(pair, sizeof(pair), "%s with memory %s", cell->placement,
	        cell->memory);
	if (!strstr(plan->left_out, pair))
		snprintf(plan->left_out + used, RM_REASON_BYTES - used, "%s%s",
		        used ? ", " : "", pair);
}

static int add_choice(struct rm_planning *planning, const struct rm_workload *w,
        const struct choice *choice, const bool *chosen)
{
	struct rm_cell cell;
	int failed;

	fill_cell(planning, w, choice, &cell);
	if (!is_meaningful(planning, w, choice, &cell))
		return 0;
	if (!rm_numa_resolve(&planning->numa, cell.placement, cell.memory)) {
		note_left_out(planning->plan, &cell);
		return 0;
	}
	failed = assign_cpus(planning, w, &cell);
	set_repeat_limits(&cell, planning->topology->cpus);
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
	} while (!failed && advance(workload, &choice));
	planning->traces = NULL;
	return failed;
}
