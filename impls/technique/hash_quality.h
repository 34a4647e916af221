/* SPDX-License-Identifier: Apache-2.0 */
/* hash_quality.h - evaluates the quality of a hash function: collisions among
   different keys, and how evenly it selects shards (claims S2-25, S2-27). */
#ifndef RM_TECHNIQUE_HASH_QUALITY_H
#define RM_TECHNIQUE_HASH_QUALITY_H

#include "runner/map.h"

#include <stdio.h>
#include <stdlib.h>

/* The article's maps have 64 shards and S4's 32; 16 and 256 are the ends of
   this suite's sweep. */
enum { HASH_SHARD_COUNTS = 4 };
static const unsigned hash_shard_counts[HASH_SHARD_COUNTS] = { 16, 32, 64,
	256 };

/* Hash widths for which collisions are counted: all bits, and the 32 or 31 that
   remain if an index or a sign uses the rest. */
enum { HASH_WIDTHS = 3 };
static const unsigned hash_widths[HASH_WIDTHS] = { 64, 32, 31 };

/* Evenness of the shards that a mask selects. */
struct hash_spread {
	struct {
		double chi2; /* chi-square divided by its expected value; 1 is
		                even */
		double most_over; /* fullest shard divided by the mean */
	} of[HASH_SHARD_COUNTS];
};

struct hash_collisions {
	uint64_t count[HASH_WIDTHS];  /* number of keys whose hash occurred
	                                before */
	double expected[HASH_WIDTHS]; /* expected for a random function */
};

struct hash_quality {
	struct hash_collisions collisions;
	struct hash_spread random, named; /* named: "user:0", "user:1", ... */
};

static inline struct hash_spread hash_spread_of(
        const uint64_t *hashes, size_t count)
{
	struct hash_spread spread;

	for (int s = 0; s < HASH_SHARD_COUNTS; s++) {
		const unsigned shards = hash_shard_counts[s];
		const double mean = (double)count / shards;
		unsigned keys[256] = { 0 }, most = 0;
		double sum = 0;

		for (size_t i = 0; i < count; i++)
			keys[hashes[i] & (shards - 1)]++;
		for (unsigned i = 0; i < shards; i++) {
			sum += (keys[i] - mean) * (keys[i] - mean) / mean;
			most = keys[i] > most ? keys[i] : most;
		}
		spread.of[s].chi2 = sum / (shards - 1);
		spread.of[s].most_over = most / mean;
	}
	return spread;
}

static inline int hash_by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Counts collisions for each width. For n hashes of `bits` bits, the expected
   number is n minus the expected number of distinct ones, or about n^2 /
   2^(bits + 1) if collisions are few. Masks and sorts `hashes`. */
static inline struct hash_collisions hash_collisions_of(
        uint64_t *hashes, size_t count)
{
	struct hash_collisions collisions = { .count = { 0 } };
	const double n = (double)count;

	for (int w = 0; w < HASH_WIDTHS; w++) {
		const unsigned bits = hash_widths[w];
		const double values =
		        bits == 64 ? 0x1p64 : 0x1p31 * (bits - 30);

		for (size_t i = 0; bits < 64 && i < count; i++)
			hashes[i] &= ((uint64_t)1 << bits) - 1;
		qsort(hashes, count, sizeof(*hashes), hash_by_value);
		for (size_t i = 1; i < count; i++)
			collisions.count[w] += hashes[i] == hashes[i - 1];
		collisions.expected[w] = n * (n - 1) / 2 / values;
	}
	return collisions;
}

static inline void hash_spread_emit(const struct hash_spread *spread,
        const char *keys, rm_stat_fn *emit, void *context)
{
	char name[64];

	for (int s = 0; s < HASH_SHARD_COUNTS; s++) {
		snprintf(name, sizeof(name), "%s_chi2_%u_shards", keys,
		        hash_shard_counts[s]);
		emit(context, name, "1", spread->of[s].chi2);
		snprintf(name, sizeof(name), "%s_most_%u_shards", keys,
		        hash_shard_counts[s]);
		emit(context, name, "1", spread->of[s].most_over);
	}
}

static inline void hash_quality_emit(
        const struct hash_quality *quality, rm_stat_fn *emit, void *context)
{
	char name[64];

	for (int w = 0; w < HASH_WIDTHS; w++) {
		snprintf(name, sizeof(name), "collisions_%u_bits",
		        hash_widths[w]);
		emit(context, name, "1", (double)quality->collisions.count[w]);
		snprintf(name, sizeof(name), "collisions_%u_bits_by_chance",
		        hash_widths[w]);
		emit(context, name, "1", quality->collisions.expected[w]);
	}
	hash_spread_emit(&quality->random, "random", emit, context);
	hash_spread_emit(&quality->named, "named", emit, context);
}

#endif /* RM_TECHNIQUE_HASH_QUALITY_H */
