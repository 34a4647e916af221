/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cost.c - estimates time and memory of a trial. */
#include "runner/plan/internal.h"

#include <string.h>

/* Mean costs, without warm-up and window, measured in a smoke run on an idle
   virtual machine with 2 CPUs (tests/fixtures/trial-costs.tsv).
   rm_plan_options.cost_scale is the factor for other machines. The cost of a
   key includes its insertion, two look-ups, and freeing it at exit. PROCESS_NS
   includes start and end of a process, its two measurements of CPU speed, and
   the fsync of its journal line. */
enum {
	PROCESS_NS = 9000000,
	KEY_NS = 840,
	NO_STATE_KEY_NS = 25, /* KEY_NS of a stateless map */
	STR_KEY_NS = 1500,
	RENEWED_NS = 1000, /* renewal of a key: a removal and an insertion */
	COPY_KEY_NS = 125, /* per key, for each write that copies the map */
	FAR_KEY_NS = 600,  /* in addition, for each key above NEAR_KEYS */
	NEAR_KEYS = 64 << 10,
	STREAM_NS = 25000000, /* generates the stream of a sequential cell */
	THREAD_NS = 84000,
	TURN_NS = 4000000,        /* turn of a thread that shares its CPU; a
	                             phase ends after each thread had a turn */
	LONG_BYTE_NS = 3,         /* per byte of values over 24 bytes, including
	                           * the mapping of memory */
	HISTOGRAMS_NS = 17000000, /* writing and syncing latencies */
	OPERATION_NS = 100,       /* window of a fixed number of operations */
	COPIED_KEY_NS = 500, /* per key that a write of the last batch copies */
	VERIFIED_NS = 240,   /* exchange of a contended key */
	STRING_BYTE_NS = 3,  /* per byte: generated, hashed three times */
	STRING_NS = 700,     /* sorting of a string's hashes, at three widths */
	SLOW_VERIFIED_NS = 8000, /* replaces VERIFIED_NS if each write copies
	                            all keys */
	SLOW_VERIFY_NS =
	        2000000000,       /* time limit of a verification whose writes
	                             copy all keys */
	COMPILED_NS = 2000000000, /* ENOUGH_NS in WarmUp.java */
};

enum {
	ENTRY_BYTES = 64,        /* nodes, pointers, load factor */
	THREAD_BYTES = 64 << 10, /* stack, retired objects, histograms */
	PROCESS_BYTES = 8 << 20,
};

uint64_t rm_plan_payload_bytes(const struct rm_cell *cell)
{
	return cell->keys * (rm_cell_key_bytes(cell) + cell->shape.value_bytes);
}

uint64_t rm_plan_keys_bytes(const struct rm_cell *cell)
{
	return 2 * rm_plan_payload_bytes(cell) + cell->keys * ENTRY_BYTES;
}

uint64_t rm_plan_renewal_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	uint64_t ns = RENEWED_NS;

	/* the cost of a simulated trial includes renewals */
	if (map->caps & RM_CAP_NO_STATE ||
	        cell->measure == RM_MEASURE_SIMULATED)
		return 0;
	if (map->caps & RM_CAP_SLOW_WRITES)
		ns += 2 * cell->keys * COPY_KEY_NS;
	return cell->keys * cell->renewals * ns;
}

/* Number of the cell's threads that share a CPU. */
static uint64_t turns_per_cpu(const struct rm_cell *cell, unsigned cpus)
{
	return (cell->threads + cpus - 1) / cpus;
}

/* Returns the time of warm-up and window. Threads that share a CPU take turns,
   so a window with a fixed number of operations takes longer. A timed window
   does not. */
static uint64_t running_ns(const struct rm_cell *cell, unsigned cpus,
        const struct rm_map_info *map)
{
	const bool slow_writes = map->caps & RM_CAP_SLOW_WRITES;

	if (cell->measure == RM_MEASURE_VERIFY) {
		uint64_t ns = cell->verify_ops * SLOW_VERIFIED_NS;

		if (!slow_writes)
			return cell->verify_ops * VERIFIED_NS;
		return ns > SLOW_VERIFY_NS ? SLOW_VERIFY_NS : ns;
	}
	if (cell->measure == RM_MEASURE_SIMULATED)
		return rm_plan_simulated_ns(cell, map);
	if (cell->loop.kind == RM_LOOP_HOLD) /* both phases end when holders
	                                        wake up */
		return cell->warm_up_ns + cell->window_ns +
		       2 * (cell->loop.args[0] + cell->loop.args[1]);
	if (cell->window_ns)
		return cell->warm_up_ns + cell->window_ns;
	return cell->warm_up_ns +
	       cell->window_ops * OPERATION_NS * turns_per_cpu(cell, cpus);
}

/* Returns the additional time of a program in another language: its start, and
   its longest warm-up, which a disturbed program needs to reach a steady speed.
   The warm-up is at most a quarter of the deadline (WarmUp.java). */
static uint64_t foreign_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	uint64_t most_ns = map->warm_up_most * cell->warm_up_ns;
	uint64_t ns = map->start_ms * (uint64_t)1000000;

	if (most_ns && most_ns < COMPILED_NS)
		most_ns = COMPILED_NS;
	if (most_ns > cell->deadline_ns / 4)
		most_ns = cell->deadline_ns / 4;
	return most_ns > cell->warm_up_ns ? ns + most_ns - cell->warm_up_ns
	                                  : ns;
}

/* Returns the time for the keys. In a simulated trial, it includes the keys of
   the counted window. */
static uint64_t keys_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	uint64_t ns = cell->keys * (cell->shape.str ? STR_KEY_NS : KEY_NS);

	if (cell->measure == RM_MEASURE_SIMULATED)
		return 0;
	if (map->caps & RM_CAP_NO_STATE)
		return cell->keys * NO_STATE_KEY_NS;
	if (cell->shape.value_bytes > RM_VALUE_LONG)
		ns += cell->keys * cell->shape.value_bytes * LONG_BYTE_NS;
	return cell->keys > NEAR_KEYS
	               ? ns + (cell->keys - NEAR_KEYS) * FAR_KEY_NS
	               : ns;
}

/* True if threads share CPUs. Goroutines that are not bound to threads do not
   count, since Go's scheduler runs them. */
static bool threads_take_turns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	return cell->goroutines != RM_GOROUTINES_FREE || !map->language ||
	       strcmp(map->language, "go");
}

static uint64_t threads_ns(const struct rm_cell *cell, unsigned cpus,
        const struct rm_map_info *map)
{
	uint64_t ns = cell->threads * (uint64_t)THREAD_NS;

	if (cell->measure == RM_MEASURE_SIMULATED)
		return 0;
	return threads_take_turns(cell, map)
	               ? ns + (turns_per_cpu(cell, cpus) - 1) * TURN_NS
	               : ns;
}

/* Warm-up and window end between two batches. Each thread copies all keys for
   each write of its batch. */
uint64_t rm_plan_copies_ns(
        const struct rm_cell *cell, const struct rm_map_info *map)
{
	bool copies = map->caps & RM_CAP_SLOW_WRITES && cell->write_share > 0 &&
	              cell->measure != RM_MEASURE_VERIFY &&
	              cell->measure != RM_MEASURE_SIMULATED &&
	              cell->loop.kind == RM_LOOP_MIX;

	return copies ? cell->threads * cell->keys * COPIED_KEY_NS : 0;
}

/* Returns the size of the strings that the loop creates before its window. */
static uint64_t string_bytes(const struct rm_cell *cell)
{
	return cell->loop.kind == RM_LOOP_HASH
	               ? cell->loop.args[0] * cell->loop.args[1]
	               : 0;
}

/* Estimates time and memory. The estimates are printed, and trials that do not
   fit into memory are skipped. Results do not depend on them. */
void rm_plan_cost(struct rm_plan_cell *planned, unsigned cpus,
        const struct rm_map_info *map, double scale)
{
	const struct rm_cell *cell = &planned->cell;
	const bool slow_writes = map->caps & RM_CAP_SLOW_WRITES;
	uint64_t payload = rm_plan_payload_bytes(cell);

	uint64_t setup_ns =
	        PROCESS_NS + keys_ns(cell, map) + threads_ns(cell, cpus, map) +
	        rm_plan_renewal_ns(cell, map) + rm_plan_copies_ns(cell, map);

	planned->memory_bytes = rm_plan_keys_bytes(cell) +
	                        cell->threads * (uint64_t)THREAD_BYTES +
	                        PROCESS_BYTES;
	if (cell->loop.kind == RM_LOOP_HASH) {
		setup_ns += string_bytes(cell) * STRING_BYTE_NS +
		            cell->loop.args[1] * STRING_NS;
		planned->memory_bytes += string_bytes(cell);
	}
	if (cell->measure == RM_MEASURE_LATENCY)
		setup_ns += HISTOGRAMS_NS;
	if (cell->dist == RM_DIST_SEQUENTIAL) {
		setup_ns += STREAM_NS;
		planned->memory_bytes += rm_stream_length(cell) *
		                         cell->threads * sizeof(uint32_t);
	}
	if (cell->measure == RM_MEASURE_SIMULATED)
		planned->memory_bytes += rm_plan_simulated_bytes(cell);
	if (slow_writes) /* old copies that wait for a grace period */
		planned->memory_bytes += 4 * payload;
	planned->unscaled_ns =
	        setup_ns + running_ns(cell, cpus, map) + foreign_ns(cell, map);
	planned->estimate_ns = planned->unscaled_ns - setup_ns +
	                       (uint64_t)((double)setup_ns * scale);
}

void rm_plan_total(struct rm_plan *plan)
{
	plan->trial_count = 0;
	plan->estimate_ns = plan->memory_bytes = 0;
	for (unsigned r = 0; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++) {
			const struct rm_plan_cell *cell =
			        &plan->cells[plan->rounds[r].turns[i].cell];

			unsigned trials =
			        cell->waits ? 0 : rm_plan_trials(&cell->cell);

			plan->trial_count += trials;
			plan->estimate_ns += trials * cell->estimate_ns;
			if (trials && cell->memory_bytes > plan->memory_bytes)
				plan->memory_bytes = cell->memory_bytes;
		}
}
