/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cost.c - what a trial costs in time and memory, about. */
#include "runner/plan/internal.h"

#include <string.h>

/*
 * Means of a quiet smoke run on a virtual machine with 2 CPUs, without warm-up
 * and window (tests/fixtures/trial-costs.tsv). A key is inserted, looked up twice
 * and freed with the process, which took less than half as long on another
 * virtual machine. PROCESS_NS is the start and end of a process, its two
 * measurements of the CPUs' speed, and the fsync of its line.
 */
enum {
	PROCESS_NS = 13000000,
	KEY_NS = 1080,
	NO_STATE_KEY_NS = 25, /* a map that holds nothing */
	STR_KEY_NS = 1500,
	RENEWED_NS = 1000, /* a removal and an insertion */
	COPY_KEY_NS = 125, /* per key, of a write that copies all keys */
	FAR_KEY_NS = 600,  /* more, for each key past NEAR_KEYS */
	NEAR_KEYS = 64 << 10,
	STREAM_NS = 25000000, /* to make the stream of a sequential cell */
	THREAD_NS = 84000,
	TURN_NS = 4000000, /* each phase ends when all threads had a turn */
	LONG_BYTE_NS = 3,  /* of values of more than 24 bytes, also to map it */
	HISTOGRAMS_NS = 17000000, /* latencies are written and fsynced */
	OPERATION_NS = 100,       /* of counted windows */
	COPIED_KEY_NS = 500, /* a batch of copies, as warm-up and window end */
	VERIFIED_NS = 240,   /* exchange on contended keys */
	STRING_BYTE_NS = 3,  /* of hashed strings: made, hashed thrice */
	STRING_NS = 700,     /* their hashes sorted, at three widths */
	SLOW_VERIFIED_NS = 8000, /* the same with a copy of all keys */
	SLOW_VERIFY_NS =
	        2000000000,       /* where verify stops maps with O(n) writes */
	COMPILED_NS = 2000000000, /* ENOUGH_NS of WarmUp.java */
};

enum {
	ENTRY_BYTES = 64,        /* nodes, pointers, load factor */
	THREAD_BYTES = 64 << 10, /* stack touched, limbo, histograms */
	PROCESS_BYTES = 8 << 20,
	STREAM_BYTES = 64 << 20,
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

	/* a simulated machine has them in its own cost */
	if (map->caps & RM_CAP_NO_STATE ||
	        cell->measure == RM_MEASURE_SIMULATED)
		return 0;
	if (map->caps & RM_CAP_SLOW_WRITES)
		ns += 2 * cell->keys * COPY_KEY_NS;
	return cell->keys * cell->renewals * ns;
}

/* Threads that take turns on one CPU. */
static uint64_t turns(const struct rm_cell *cell, unsigned cpus)
{
	return (cell->threads + cpus - 1) / cpus;
}

/* Threads that share a CPU take turns, which makes a counted window longer: one
   of a given time ends when it says. */
static uint64_t running_ns(
        const struct rm_cell *cell, unsigned cpus, bool slow_writes)
{
	if (cell->measure == RM_MEASURE_VERIFY) {
		uint64_t ns = cell->verify_ops * SLOW_VERIFIED_NS;

		if (!slow_writes)
			return cell->verify_ops * VERIFIED_NS;
		return ns > SLOW_VERIFY_NS ? SLOW_VERIFY_NS : ns;
	}
	if (cell->measure == RM_MEASURE_SIMULATED)
		return rm_plan_simulated_ns(cell, slow_writes);
	if (cell->loop.kind == RM_LOOP_HOLD) /* both end when holders wake */
		return cell->warm_up_ns + cell->window_ns +
		       2 * (cell->loop.args[0] + cell->loop.args[1]);
	if (cell->window_ns)
		return cell->warm_up_ns + cell->window_ns;
	return cell->warm_up_ns +
	       cell->window_ops * OPERATION_NS * turns(cell, cpus);
}

/*
 * What a program in another language takes beside its phases, and until its
 * warm-up is steady: as long as it may, since one that others disturb is not
 * steady before (WarmUp.java; a quarter of the deadline is the most).
 */
static uint64_t elsewhere_ns(
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

/* A simulated machine has the keys of a counted window in its own cost. */
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

/* Free goroutines are not threads: their scheduler gives them their turns. */
static bool take_turns(
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
	return take_turns(cell, map) ? ns + (turns(cell, cpus) - 1) * TURN_NS
	                             : ns;
}

/* Warm-up and window end between two batches, and each thread copies all keys for
   each write of its batch. */
static uint64_t copies_ns(const struct rm_cell *cell, bool slow_writes)
{
	bool copies = slow_writes && cell->write_share > 0 &&
	              cell->measure != RM_MEASURE_VERIFY &&
	              cell->measure != RM_MEASURE_SIMULATED &&
	              cell->loop.kind == RM_LOOP_MIX;

	return copies ? cell->threads * cell->keys * COPIED_KEY_NS : 0;
}

/* Bytes of the strings that a loop makes before its window. */
static uint64_t string_bytes(const struct rm_cell *cell)
{
	return cell->loop.kind == RM_LOOP_HASH
	               ? cell->loop.args[0] * cell->loop.args[1]
	               : 0;
}

/* About: estimates are for people who wait, and keep a trial from a machine
   that has no room for it. No result is made of them. */
void rm_plan_cost(struct rm_plan_cell *planned, unsigned cpus,
        const struct rm_map_info *map)
{
	const struct rm_cell *cell = &planned->cell;
	const bool slow_writes = map->caps & RM_CAP_SLOW_WRITES;
	uint64_t payload = rm_plan_payload_bytes(cell);

	planned->estimate_ns =
	        PROCESS_NS + keys_ns(cell, map) + threads_ns(cell, cpus, map) +
	        running_ns(cell, cpus, slow_writes) + elsewhere_ns(cell, map) +
	        rm_plan_renewal_ns(cell, map);
	planned->memory_bytes = rm_plan_keys_bytes(cell) +
	                        cell->threads * (uint64_t)THREAD_BYTES +
	                        PROCESS_BYTES;
	if (cell->loop.kind == RM_LOOP_HASH) {
		planned->estimate_ns += string_bytes(cell) * STRING_BYTE_NS +
		                        cell->loop.args[1] * STRING_NS;
		planned->memory_bytes += string_bytes(cell);
	}
	planned->estimate_ns += copies_ns(cell, slow_writes);
	if (cell->measure == RM_MEASURE_LATENCY)
		planned->estimate_ns += HISTOGRAMS_NS;
	if (cell->dist == RM_DIST_SEQUENTIAL) {
		planned->estimate_ns += STREAM_NS;
		planned->memory_bytes += STREAM_BYTES;
	}
	if (cell->measure == RM_MEASURE_SIMULATED)
		planned->memory_bytes += rm_plan_simulated_bytes(cell);
	if (slow_writes) /* copies that wait for a grace period */
		planned->memory_bytes += 4 * payload;
}

void rm_plan_total(struct rm_plan *plan)
{
	plan->trial_count = 0;
	plan->estimate_ns = plan->memory_bytes = 0;
	for (unsigned r = 0; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++) {
			const struct rm_plan_cell *cell =
			        &plan->cells[plan->rounds[r].turns[i].cell];

			unsigned trials = rm_plan_trials(&cell->cell);

			plan->trial_count += trials;
			plan->estimate_ns += trials * cell->estimate_ns;
			if (cell->memory_bytes > plan->memory_bytes)
				plan->memory_bytes = cell->memory_bytes;
		}
}
