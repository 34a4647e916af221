/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth_log.c - fills Go's map from empty, key by key, and records when it
 * grows, how far, and the shape of its chains: the loop `tally:KEYS`.
 *
 * An iteration inserts a random 64-bit key, never the same twice. It reports
 * the number of keys at which a map of each size began to grow (such as
 * keys_when_64_buckets_grow), the sizes that grew, and the largest number of
 * old buckets that one insert moved. For the map with KEYS keys it reports the
 * longest chain and the number of chains with three or more entries. It also
 * reports the deviation of their lengths from a Poisson distribution:
 * chi-square divided by its expected value. That is the number of classes minus
 * two, since the mean length is estimated from the map. Classes with fewer than
 * five expected chains are merged with their neighbour (article S3, sections
 * 3.1 to 3.3 and 4.3; claims S3-13 to S3-19).
 */
#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/guard_go_mutex.h"
#include "impls/technique/technique.h"
#include "runner/base/rng.h"

#include <math.h>

enum {
	GROWTH_PRESET_KEYS = 100000,
	GROWTH_SIZES = 24, /* number of sizes: log2 of the number of buckets */
	GROWTH_LEAST = 5,  /* least number of expected chains in a class */
};

struct growth_log {
	struct guard guard;
	struct gomap *map; /* the guard protects all members below */
	uint64_t keys, inserted, rng;
	uint64_t keys_when[GROWTH_SIZES]; /* number of keys when each size grew;
	                                     0 if it did not grow */
	uint64_t moved_most; /* largest number of old buckets that one insert
	                        moved */
	struct gomap_census census; /* of the map when it has KEYS keys */
	bool has_census;
};

static void growth_destroy(void *opaque)
{
	struct growth_log *log = opaque;

	gomap_destroy(log->map);
	guard_destroy(&log->guard);
	free(log);
}

static void *growth_create(const struct rm_sizing *sizing)
{
	struct growth_log *log = technique_new(sizeof(*log));

	if (!log)
		return NULL;
	log->keys = technique_arg(sizing, 0, GROWTH_PRESET_KEYS);
	log->rng = rm_seed(sizing->seed, 0);
	log->map = gomap_create(0, RM_U64X8, sizing->seed);
	if (guard_create(&log->guard, sizing->threads) && log->map)
		return log;
	growth_destroy(log);
	return NULL;
}

/* Inserts the next key and records the effect. The caller holds the guard. */
static void growth_insert(struct growth_log *log)
{
	struct gomap *map = log->map;
	const struct rm_value value = { { log->inserted } };
	const struct rm_key key = { .word = rm_next(&log->rng) };
	const uint64_t growths = gomap_get(map->extra->growths);
	const uint64_t moved = gomap_get(map->extra->evacuations);
	const unsigned size = gomap_get(map->log2_buckets);
	uint64_t now_moved;

	gomap_exchange(map, RM_U64X8, key, &value, NULL);
	now_moved = gomap_get(map->extra->evacuations) - moved;
	if (now_moved > log->moved_most)
		log->moved_most = now_moved;
	if (gomap_get(map->extra->growths) > growths && size < GROWTH_SIZES)
		log->keys_when[size] = log->inserted;
	if (++log->inserted == log->keys) {
		gomap_census(&log->census, map);
		log->has_census = true;
	}
}

static void growth_run(struct rm_worker *worker)
{
	struct growth_log *log = worker->thread;

	while (technique_turn(worker)) {
		guard_write(&log->guard);
		growth_insert(log);
		guard_write_end(&log->guard);
	}
}

/* Returns chi-square divided by its expected value, or NAN if there are too few
   classes. */
static double growth_chi2(const struct gomap_census *census)
{
	const double chains = (double)census->chains;
	const double load = (double)census->entries / chains;
	double chance = gomap_chance_of_none(load), left = chains, sum = 0;
	double expected = 0, seen = 0;
	int classes = 0;

	for (int i = 0; i < GOMAP_CENSUS_ENTRIES; i++) {
		expected += chains * chance;
		seen += (double)census->filled[i];
		chance *= load / (i + 1);
		if (expected < GROWTH_LEAST || left - expected < GROWTH_LEAST)
			continue;
		sum += (seen - expected) * (seen - expected) / expected;
		left -= expected;
		classes++;
		expected = seen = 0;
	}
	seen += (double)census->filled[GOMAP_CENSUS_ENTRIES];
	if (left > 0 && ++classes > 2)
		sum += (seen - left) * (seen - left) / left;
	return classes > 2 ? sum / (classes - 2) : (double)NAN;
}

static int growth_longest(const uint64_t *numbers, int most)
{
	while (most > 0 && !numbers[most])
		most--;
	return most;
}

static void growth_emit_census(
        const struct gomap_census *census, rm_stat_fn *emit, void *context)
{
	emit(context, "chains", "1", (double)census->chains);
	emit(context, "chains_with_three_or_more", "1", (double)census->third);
	emit(context, "longest_chain_entries", "1",
	        growth_longest(census->filled, GOMAP_CENSUS_ENTRIES));
	emit(context, "longest_chain_buckets", "1",
	        growth_longest(census->length, GOMAP_CENSUS_LENGTH));
	emit(context, "occupancy_chi2", "1", growth_chi2(census));
}

static void growth_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct growth_log *log = opaque;
	int smallest = -1, largest = -1;
	char name[64];

	guard_write(&log->guard);
	for (int size = 0; size < GROWTH_SIZES; size++) {
		if (!log->keys_when[size])
			continue;
		smallest = smallest < 0 ? size : smallest;
		largest = size;
		snprintf(name, sizeof(name), "keys_when_%u_buckets_grow",
		        1U << size);
		emit(context, name, "1", (double)log->keys_when[size]);
	}
	if (largest >= 0) {
		emit(context, "smallest_log2_that_grew", "1", smallest);
		emit(context, "largest_log2_that_grew", "1", largest);
	}
	emit(context, "buckets_moved_by_one_insert", "1",
	        (double)log->moved_most);
	if (log->has_census)
		growth_emit_census(&log->census, emit, context);
	guard_write_end(&log->guard);
}

static bool growth_check(void *opaque, char *why, size_t size)
{
	struct growth_log *log = opaque;

	if (!gomap_check_report(log->map, why, size))
		return false;
	if (gomap_count(log->map) == log->inserted)
		return true;
	snprintf(why, size, "%llu keys were inserted, but %llu are present",
	        (unsigned long long)log->inserted,
	        (unsigned long long)gomap_count(log->map));
	return false;
}

TECHNIQUE_TABLES(growth, growth_destroy, map_itself, "tally", growth_run)

const struct rm_impl rm_impl_growth_log = {
	.id = "growth_log",
	.label = "native map, growth recorded",
	.sync = "go-mutex",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("blocking", growth_ops, growth_loops),
};
