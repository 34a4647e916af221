/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys.h - Go's map: keys of any kind, hash and comparison inlined.
 *
 * This is an inner part of gomap.h and the model for its variants. Each
 * gomap_keys_*.h defines these names. The macro GOMAP_KEYS chooses the file.
 *
 *	GOMAP_NEEDS_BUCKET  1: lookups need a bucket even in an empty map
 *	GOMAP_FLOAT_KEYS    1: words are float64, which may be unequal to itself
 *	gomap_hash          hashes a key with the map's seed
 *	gomap_walk          finds a key's place in a chain
 *	gomap_find          finds a key's value in a map
 */
#ifndef RM_SUPPORT_GOMAP_KEYS_H
#define RM_SUPPORT_GOMAP_KEYS_H

#include "impls/gomap/gomap_lookup.h"

enum { GOMAP_NEEDS_BUCKET = 0 };

#ifndef RM_SUPPORT_GOMAP_KEYS_FLOAT_H /* that file defines these three */
enum { GOMAP_FLOAT_KEYS = 0 };

RM_HOT uint64_t gomap_hash(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	RM_SEARCH_ADD(RM_KEY_HASHES, 1);
	return rm_hash(shape, key, gomap_get(map->hash0));
}

RM_HOT bool gomap_key_equal(
        struct rm_shape shape, const _Atomic uint64_t *slot, struct rm_key key)
{
	RM_SEARCH_ADD(RM_KEY_COMPARES, 1);
	if (!shape.str)
		return gomap_get(slot[0]) == key.word;
	/* If the length is a constant, this compiles to two comparisons of
	   words. If it is 0, `bytes` may be NULL, which memcmp() does not
	   accept. */
	return gomap_get(slot[1]) == key.length &&
	       (key.length == 0 || memcmp(gomap_key_bytes(slot), key.bytes,
	                                   key.length) == 0);
}
#endif

/* Walks a chain for a key, slot by slot as Go does. Comparing eight tophash
   bytes at a time would need fewer instructions, but would be a different
   map. */
RM_HOT struct gomap_place gomap_walk(struct gomap_bucket *bucket,
        struct rm_shape shape, struct rm_key key, uint8_t top)
{
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	do {
#pragma GCC unroll 8
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			uint8_t found = gomap_get(bucket->tophash[slot]);

			RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
			if (found == top) {
				if (gomap_key_equal(shape,
				            gomap_slot_key(bucket, shape, slot),
				            key))
					return (struct gomap_place){ bucket,
						slot };
			} else if (found == GOMAP_EMPTY_REST) {
				return (struct gomap_place){ NULL, 0 };
			}
		}
		bucket = gomap_next(bucket, shape);
	} while (bucket);
	return (struct gomap_place){ NULL, 0 };
}

RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	if (!gomap_begin_lookup(map))
		return NULL;

	uint64_t hash = gomap_hash(map, shape, key);
	struct gomap_place place = gomap_walk(
	        gomap_chain(map, shape, hash), shape, key, gomap_tophash(hash));

	return place.bucket ? gomap_slot_value(place.bucket, shape, place.slot)
	                    : NULL;
}

#endif /* RM_SUPPORT_GOMAP_KEYS_H */
