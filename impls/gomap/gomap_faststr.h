/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_faststr.h - Go's map: the fast path for string keys.
 *
 * This is Go's mapaccess1_faststr. In a map of one bucket it compares lengths
 * and then short keys directly. It compares the ends of long keys, and hashes
 * only if the ends of two keys match. In larger maps it compares length and
 * tophash, then the bytes. Keys at the same address are equal without a
 * comparison.
 *
 * This is the common part of gomap_keys_str.h and gomap_keys_str_unchecked.h.
 */
#ifndef RM_SUPPORT_GOMAP_FASTSTR_H
#define RM_SUPPORT_GOMAP_FASTSTR_H

#include "impls/gomap/gomap_lookup.h"

enum { GOMAP_STR_SHORT = 32, GOMAP_STR_END = 4 };

RM_HOT uint64_t gomap_hash(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	RM_SEARCH_ADD(RM_KEY_HASHES, 1);
	return rm_hash(shape, key, gomap_get(map->hash0));
}

/* True if a slot's key of the same length has the same bytes. */
RM_HOT bool gomap_str_same(const _Atomic uint64_t *slot, struct rm_key key)
{
	const char *bytes = gomap_key_bytes(slot);

	RM_SEARCH_ADD(RM_KEY_COMPARES, 1);
	return bytes == key.bytes || key.length == 0 ||
	       memcmp(bytes, key.bytes, key.length) == 0;
}

RM_HOT struct gomap_place gomap_walk(struct gomap_bucket *bucket,
        struct rm_shape shape, struct rm_key key, uint8_t top)
{
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	do {
#pragma GCC unroll 8
		for (size_t i = 0; i < GOMAP_SLOTS; i++) {
			const _Atomic uint64_t *slot =
			        gomap_slot_key(bucket, shape, i);

			RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
			if (gomap_get(slot[1]) == key.length &&
			        gomap_get(bucket->tophash[i]) == top &&
			        gomap_str_same(slot, key))
				return (struct gomap_place){ bucket, i };
		}
		bucket = gomap_next(bucket, shape);
	} while (bucket);
	return (struct gomap_place){ NULL, 0 };
}

/* Searches for a short key in a map of one bucket. Compares every key of the
   same length. */
RM_HOT struct gomap_place gomap_walk_short(
        struct gomap_bucket *bucket, struct rm_shape shape, struct rm_key key)
{
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	for (size_t i = 0; i < GOMAP_SLOTS; i++) {
		uint8_t top = gomap_get(bucket->tophash[i]);
		const _Atomic uint64_t *slot = gomap_slot_key(bucket, shape, i);

		RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
		if (top == GOMAP_EMPTY_REST)
			break;
		if (top != GOMAP_EMPTY_ONE &&
		        gomap_get(slot[1]) == key.length &&
		        gomap_str_same(slot, key))
			return (struct gomap_place){ bucket, i };
	}
	return (struct gomap_place){ NULL, 0 };
}

/* True if the first and last bytes match. Both keys have the same length, 32 or
   more. */
RM_HOT bool gomap_str_ends_equal(
        const _Atomic uint64_t *slot, struct rm_key key)
{
	const char *bytes = gomap_key_bytes(slot);
	size_t last = key.length - GOMAP_STR_END;

	return memcmp(bytes, key.bytes, GOMAP_STR_END) == 0 &&
	       memcmp(bytes + last, key.bytes + last, GOMAP_STR_END) == 0;
}

/* Searches for a long key in a map of one bucket. Compares the whole key with
   one candidate only. */
static __attribute__((noinline, unused)) struct gomap_place gomap_walk_long(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	struct gomap_bucket *bucket = gomap_get(map->buckets);
	size_t candidate = GOMAP_SLOTS;

	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	for (size_t i = 0; i < GOMAP_SLOTS; i++) {
		uint8_t top = gomap_get(bucket->tophash[i]);
		const _Atomic uint64_t *slot = gomap_slot_key(bucket, shape, i);

		RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
		if (top == GOMAP_EMPTY_REST)
			break;
		if (top == GOMAP_EMPTY_ONE || gomap_get(slot[1]) != key.length)
			continue;
		if (gomap_key_bytes(slot) == key.bytes)
			return (struct gomap_place){ bucket, i };
		if (!gomap_str_ends_equal(slot, key))
			continue;
		if (candidate != GOMAP_SLOTS) /* two candidates, so the caller
		                                 must hash */
			return gomap_walk(bucket, shape, key,
			        gomap_tophash(gomap_hash(map, shape, key)));
		candidate = i;
	}
	if (candidate != GOMAP_SLOTS &&
	        gomap_str_same(gomap_slot_key(bucket, shape, candidate), key))
		return (struct gomap_place){ bucket, candidate };
	return (struct gomap_place){ NULL, 0 };
}

/* The map has at least one bucket. */
RM_HOT struct gomap_place gomap_str_place(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	if (gomap_get(map->log2_buckets) == 0)
		return key.length < GOMAP_STR_SHORT
		               ? gomap_walk_short(
		                         gomap_get(map->buckets), shape, key)
		               : gomap_walk_long(map, shape, key);

	uint64_t hash = gomap_hash(map, shape, key);

	return gomap_walk(
	        gomap_chain(map, shape, hash), shape, key, gomap_tophash(hash));
}

#endif /* RM_SUPPORT_GOMAP_FASTSTR_H */
