/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_lookups.c - lookups in Go's map with keys that collide by design: the
 * loop `tally:KEYS:CHAIN` (article S3, section 3; claim S3-21).
 *
 * Groups of CHAIN keys have hashes whose lower 56 bits are equal, and so share
 * a chain. The tophash still distinguishes most of them, as with random
 * collisions. With CHAIN 1 no keys collide on purpose. An iteration looks up a
 * random key. The map has its final size from the start and never changes, so
 * any number of threads may read it.
 */
#define GOMAP_KEYS "impls/technique/chain_keys.h"
#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"
#include "runner/base/rng.h"

enum { CHAIN_PRESET_KEYS = 1000, CHAIN_PRESET_LENGTH = 1 };

struct chain_lookups {
	struct gomap *map;
	uint64_t keys, chain;
};

RM_HOT struct rm_key chain_key(const struct chain_lookups *subject, uint64_t i)
{
	return (struct rm_key){ .word = i / subject->chain << 32 | i };
}

static void chain_destroy(void *opaque)
{
	struct chain_lookups *subject = opaque;

	gomap_destroy(subject->map);
	free(subject);
}

static void *chain_create(const struct rm_sizing *sizing)
{
	struct chain_lookups *subject = technique_new(sizeof(*subject));

	if (!subject)
		return NULL;
	subject->keys = technique_arg(sizing, 0, CHAIN_PRESET_KEYS);
	subject->chain = technique_arg(sizing, 1, CHAIN_PRESET_LENGTH);
	subject->map = gomap_create(subject->keys, RM_U64X8, sizing->seed);
	if (!subject->map) {
		chain_destroy(subject);
		return NULL;
	}
	for (uint64_t i = 0; i < subject->keys; i++) {
		const struct rm_value value = { { i } };

		gomap_exchange(subject->map, RM_U64X8, chain_key(subject, i),
		        &value, NULL);
	}
	return subject;
}

static void chain_run(struct rm_worker *worker)
{
	const struct chain_lookups *subject = worker->thread;
	uint64_t rng = worker->rng, wrong = 0;

	while (technique_turn(worker)) {
		const uint64_t i = rm_below(rm_next(&rng), subject->keys);
		struct rm_value value = { { UINT64_MAX } };

		gomap_lookup(
		        subject->map, RM_U64X8, chain_key(subject, i), &value);
		wrong |= value.word[0] ^ i;
	}
	worker->rng = rng;
	worker->counts.wrong |= wrong;
}

static void chain_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct chain_lookups *subject = opaque;
	struct gomap_census census = { 0 };
	uint64_t longest = GOMAP_CENSUS_ENTRIES;

	gomap_census(&census, subject->map);
	while (longest && !census.filled[longest])
		longest--;
	emit(context, "chains", "1", (double)census.chains);
	/* the length is at most 32, the last class of the census */
	emit(context, "longest_chain_entries", "1", (double)longest);
}

static bool chain_check(void *opaque, char *why, size_t size)
{
	const struct chain_lookups *subject = opaque;

	if (!gomap_check_report(subject->map, why, size))
		return false;
	if (gomap_count(subject->map) == subject->keys)
		return true;
	snprintf(why, size, "%llu keys were inserted, but %llu are present",
	        (unsigned long long)subject->keys,
	        (unsigned long long)gomap_count(subject->map));
	return false;
}

TECHNIQUE_TABLES(chain, chain_destroy, map_itself, "tally", chain_run)

const struct rm_impl rm_impl_chain_lookups = {
	.id = "chain_lookups",
	.label = "native map, keys that collide",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", chain_ops, chain_loops),
};
