/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_state.h - computes the internal state of a port of Go's native map, in
 * the format of tests/go/replay/gomap.go.
 */
#ifndef RM_GO_GOMAP_STATE_H
#define RM_GO_GOMAP_STATE_H

#include "tests/go/injected_hash.h"

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"

/* Returns an integer key itself, or the first eight bytes of a string key. */
static inline uint64_t key_word(struct rm_shape shape, struct rm_key key)
{
	if (shape.str)
		memcpy(&key.word, key.bytes, sizeof(key.word));
	return key.word;
}

/* Adds every slot of a chain to the digest: its state, key and value. */
static uint64_t gomap_fold_chain(
        uint64_t digest, struct rm_shape shape, struct gomap_bucket *bucket)
{
	for (; bucket; bucket = gomap_next(bucket, shape))
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			uint8_t top = gomap_get(bucket->tophash[slot]);
			struct rm_key key;

			digest = rm_seed(digest, top);
			if (top < GOMAP_LIVE)
				continue;
			key = gomap_key_of(
			        shape, gomap_slot_key(bucket, shape, slot));
			digest = rm_seed(digest, key_word(shape, key));
			digest = rm_seed(digest, gomap_get(*gomap_slot_value(
			                                 bucket, shape, slot)));
		}
	return digest;
}

/* Returns a digest of all entries with their places. For an old bucket that was
   moved, it covers only this fact, because the entries in the old bucket no
   longer belong to the map. */
static uint64_t gomap_layout(const struct gomap *map)
{
	struct rm_shape shape = map->extra->shape;
	struct gomap_bucket *buckets = gomap_get(map->buckets);
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	uint64_t last = gomap_mask(gomap_get(map->log2_buckets)), digest = 0;

	for (uint64_t i = 0; buckets && i <= last; i++)
		digest = gomap_fold_chain(
		        digest, shape, gomap_at(buckets, shape, i));
	for (uint64_t i = 0; old && i <= gomap_old_mask(map); i++) {
		struct gomap_bucket *bucket = gomap_at(old, shape, i);

		digest = gomap_moved(bucket)
		                 ? rm_seed(digest, GOMAP_MOVED_LOW)
		                 : gomap_fold_chain(digest, shape, bucket);
	}
	return digest;
}

enum { GOMAP_STATE_FIELDS = 6 };

/* Stores count, B, noverflow, nevacuate, and whether the map is growing, and
   whether it grows to the same size. */
static void gomap_state(
        const struct gomap *map, uint64_t fields[GOMAP_STATE_FIELDS])
{
	fields[0] = gomap_count(map);
	fields[1] = gomap_get(map->log2_buckets);
	fields[2] = gomap_get(map->noverflow);
	fields[3] = gomap_get(map->nevacuate);
	fields[4] = gomap_get(map->oldbuckets) != NULL;
	fields[5] = (gomap_get(map->flags) & GOMAP_SAME_SIZE) != 0;
}

#endif /* RM_GO_GOMAP_STATE_H */
