/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys_callback.h - Go's map: keys of any type, hashed and compared
 * through pointers to functions. One of the choices for GOMAP_KEYS, see
 * gomap_keys.h.
 *
 * As in Go's mapaccess1, a map's type supplies hash and equality of its keys.
 * Each hash and each comparison is one indirect call in a separate function, as
 * `dispatch = "callback"` declares. The type is constant but volatile, so that
 * the compiler cannot inline the calls.
 */
#ifndef RM_SUPPORT_GOMAP_KEYS_CALLBACK_H
#define RM_SUPPORT_GOMAP_KEYS_CALLBACK_H

#include "impls/gomap/gomap_lookup.h"

enum { GOMAP_NEEDS_BUCKET = 0, GOMAP_FLOAT_KEYS = 0 };

struct gomap_key_type {
	uint64_t (*hash)(const struct rm_key *key, uint64_t seed);
	/* `slot` points to the key in a bucket. */
	bool (*equal)(const _Atomic uint64_t *slot, const struct rm_key *key);
};

static uint64_t gomap_u64_hash(const struct rm_key *key, uint64_t seed)
{
	return rm_hash(RM_U64X8, *key, seed);
}

static bool gomap_u64_equal(
        const _Atomic uint64_t *slot, const struct rm_key *key)
{
	return gomap_get(slot[0]) == key->word;
}

static uint64_t gomap_str_hash(const struct rm_key *key, uint64_t seed)
{
	return rm_hash(RM_STR16X8, *key, seed);
}

static bool gomap_str_equal(
        const _Atomic uint64_t *slot, const struct rm_key *key)
{
	return gomap_get(slot[1]) == key->length &&
	       (key->length == 0 || memcmp(gomap_key_bytes(slot), key->bytes,
	                                    key->length) == 0);
}

/* Indexed by shape.str. */
static const volatile struct gomap_key_type gomap_key_types[2] = {
	{ gomap_u64_hash, gomap_u64_equal },
	{ gomap_str_hash, gomap_str_equal },
};

static __attribute__((noinline)) uint64_t callback_hash(
        const struct rm_key *key, bool str, uint64_t seed)
{
	return gomap_key_types[str].hash(key, seed);
}

static __attribute__((noinline)) bool callback_equal(
        const struct rm_key *key, bool str, const _Atomic uint64_t *slot)
{
	RM_SEARCH_ADD(RM_KEY_COMPARES, 1);
	return gomap_key_types[str].equal(slot, key);
}

RM_HOT uint64_t gomap_hash(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	RM_SEARCH_ADD(RM_KEY_HASHES, 1);
	return callback_hash(&key, shape.str, gomap_get(map->hash0));
}

RM_HOT struct gomap_place gomap_walk(struct gomap_bucket *bucket,
        struct rm_shape shape, struct rm_key key, uint8_t top)
{
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 1);
	do {
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			uint8_t found = gomap_get(bucket->tophash[slot]);

			RM_SEARCH_ADD(RM_SLOT_PROBES, 1);
			if (found == GOMAP_EMPTY_REST)
				return (struct gomap_place){ NULL, 0 };
			if (found == top &&
			        callback_equal(&key, shape.str,
			                gomap_slot_key(bucket, shape, slot)))
				return (struct gomap_place){ bucket, slot };
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

#endif /* RM_SUPPORT_GOMAP_KEYS_CALLBACK_H */
