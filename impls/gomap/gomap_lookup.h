/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_lookup.h - Go's map: finds an entry. Inner part of gomap.h. */
#ifndef RM_SUPPORT_GOMAP_LOOKUP_H
#define RM_SUPPORT_GOMAP_LOOKUP_H

#include "impls/gomap/gomap_layout.h"

/* Returns the top 8 bits of the hash. Adds GOMAP_LIVE if they would collide
   with a state. */
RM_HOT uint8_t gomap_tophash(uint64_t hash)
{
	uint8_t top = (uint8_t)(hash >> 56);

	return top < GOMAP_LIVE ? (uint8_t)(top + GOMAP_LIVE) : top;
}

/* True once the entries of this old bucket have moved. */
RM_HOT bool gomap_moved(struct gomap_bucket *bucket)
{
	uint8_t top = gomap_get(bucket->tophash[0]);

	return top > GOMAP_EMPTY_ONE && top < GOMAP_LIVE;
}

/* Returns the number of old buckets - 1, while growing. */
RM_HOT uint64_t gomap_old_mask(const struct gomap *map)
{
	unsigned same = (gomap_get(map->flags) & GOMAP_SAME_SIZE) != 0;

	return gomap_mask(gomap_get(map->log2_buckets) - 1U + same);
}

/* Returns the head of the chain that now holds this hash. `map` has buckets. */
RM_HOT struct gomap_bucket *gomap_chain(
        const struct gomap *map, struct rm_shape shape, uint64_t hash)
{
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	uint64_t mask = gomap_mask(gomap_get(map->log2_buckets));

	if (__builtin_expect(old != NULL, 0)) {
		old = gomap_at(old, shape, hash & gomap_old_mask(map));
		if (!gomap_moved(old))
			return old;
	}
	return gomap_at(gomap_get(map->buckets), shape, hash & mask);
}

/* Returns the bytes of a slot's string key. */
RM_HOT const char *gomap_key_bytes(const _Atomic uint64_t *slot)
{
	return (const char *)(uintptr_t)gomap_get(slot[0]);
}

/* Returns a slot's key as a struct rm_key. */
RM_HOT struct rm_key gomap_key_of(
        struct rm_shape shape, const _Atomic uint64_t *slot)
{
	if (!shape.str)
		return (struct rm_key){ .word = gomap_get(slot[0]) };
	return (struct rm_key){ .bytes = gomap_key_bytes(slot),
		.length = gomap_get(slot[1]) };
}

/* Place of an entry; `bucket` is NULL if it was not found. */
struct gomap_place {
	struct gomap_bucket *bucket;
	size_t slot;
};

/* Go's first check in each lookup. Returns true if the map is not empty, and
   aborts if a thread is writing to it. NULL is an empty map. */
RM_HOT bool gomap_begin_lookup(const struct gomap *map)
{
	if (gomap_count(map) == 0)
		return false;
	if (__builtin_expect(gomap_get(map->flags) & GOMAP_WRITING, 0))
		gomap_fatal(map, "concurrent map read and map write");
	return true;
}

/* The file GOMAP_KEYS defines how keys are hashed, compared and found. A
   variant defines this macro before it includes any file of Go's map. */
#ifndef GOMAP_KEYS
#define GOMAP_KEYS "impls/gomap/gomap_keys.h"
#endif
#include GOMAP_KEYS

/* True if a float64 is not a number, with any sign and fraction. */
RM_HOT bool gomap_is_nan(uint64_t word)
{
	return word << 1 > (uint64_t)0x7ff << 53;
}

/* True if the key in a slot equals itself. Lookups and removals never find a
   key that does not; only iterations visit it. */
RM_HOT bool gomap_equals_itself(const _Atomic uint64_t *slot)
{
	return !GOMAP_FLOAT_KEYS || !gomap_is_nan(gomap_get(slot[0]));
}

/* Returns the block of a value that is not in its slot. */
RM_HOT void *gomap_box(const _Atomic uint64_t *words)
{
	return (void *)(uintptr_t)gomap_get(words[0]);
}

/* A value of more than 24 bytes is copied by memmove(), as in Go. A concurrent
   write would be a data race. For shorter values the relaxed atomic words
   prevent that. */
RM_HOT void gomap_value_load(struct rm_shape shape,
        const _Atomic uint64_t *words, struct rm_value *value)
{
	if (gomap_boxes(shape)) {
		memcpy(value, gomap_box(words), sizeof(*value));
		return;
	}
	if (RM_VALUE_WORDS > 3 && shape.value_bytes == RM_VALUE_LONG) {
		memcpy(value, (const void *)words, sizeof(*value));
		return;
	}
	value->word[0] = gomap_get(words[0]);
	if (shape.value_bytes == 8)
		return;
	value->word[1] = gomap_get(words[1]);
	value->word[2] = gomap_get(words[2]);
}

RM_HOT void gomap_value_store(struct rm_shape shape, _Atomic uint64_t *words,
        const struct rm_value *value)
{
	if (gomap_boxes(shape)) {
		memcpy(gomap_box(words), value, sizeof(*value));
		return;
	}
	if (RM_VALUE_WORDS > 3 && shape.value_bytes == RM_VALUE_LONG) {
		memcpy((void *)words, value, sizeof(*value));
		return;
	}
	gomap_set(words[0], value->word[0]);
	if (shape.value_bytes == 8)
		return;
	gomap_set(words[1], value->word[1]);
	gomap_set(words[2], value->word[2]);
}

RM_HOT bool gomap_lookup(const struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	const _Atomic uint64_t *words = gomap_find(map, shape, key);

	if (!words)
		return false;
	gomap_value_load(shape, words, value);
	return true;
}

#endif /* RM_SUPPORT_GOMAP_LOOKUP_H */
