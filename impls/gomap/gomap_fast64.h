/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_fast64.h - Go's map: the fast path for 64-bit keys.
 *
 * Go's mapaccess1_fast64 compares keys directly, since that costs no more than
 * comparing their tophash. The tophash is read only afterwards, to find out
 * whether the slot is in use. A map of one bucket needs no hash. The search
 * ignores emptyRest and goes to the end of the chain. While the map grows,
 * every lookup must check the old bucket, even in the variant without the other
 * checks.
 *
 * This is the common part of gomap_keys_u64.h and gomap_keys_u64_unchecked.h.
 */
#ifndef RM_SUPPORT_GOMAP_FAST64_H
#define RM_SUPPORT_GOMAP_FAST64_H

#include "impls/gomap/gomap_lookup.h"

RM_HOT uint64_t gomap_hash(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	RM_SEARCH_ADD(RM_KEY_HASHES, 1);
	return rm_hash(shape, key, gomap_get(map->hash0));
}

RM_HOT struct gomap_place gomap_walk(struct gomap_bucket *bucket,
        struct rm_shape shape, struct rm_key key, uint8_t top)
{
	(void)top;
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	do {
#pragma GCC unroll 8
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
			RM_SEARCH_ADD(RM_KEY_COMPARES, 1);
			if (gomap_get(*gomap_slot_key(bucket, shape, slot)) ==
			                key.word &&
			        gomap_get(bucket->tophash[slot]) >
			                GOMAP_EMPTY_ONE)
				return (struct gomap_place){ bucket, slot };
		}
		bucket = gomap_next(bucket, shape);
	} while (bucket);
	return (struct gomap_place){ NULL, 0 };
}

/* The map has at least one bucket. A map with one bucket is not growing,
   because it doubles only for a ninth entry. */
RM_HOT _Atomic uint64_t *gomap_find_fast64(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	struct gomap_bucket *bucket = gomap_get(map->buckets);

	if (gomap_get(map->log2_buckets) != 0)
		bucket = gomap_chain(map, shape, gomap_hash(map, shape, key));

	struct gomap_place place = gomap_walk(bucket, shape, key, 0);

	return place.bucket ? gomap_slot_value(place.bucket, shape, place.slot)
	                    : NULL;
}

#endif /* RM_SUPPORT_GOMAP_FAST64_H */
