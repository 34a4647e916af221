/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_create.h - Go's map: creation, destruction, memory of keys and buckets.
   Inner part of gomap.h. */
#ifndef RM_SUPPORT_GOMAP_CREATE_H
#define RM_SUPPORT_GOMAP_CREATE_H

#include "impls/gomap/gomap_lookup.h"

GOMAP_PLAIN size_t gomap_round_up(size_t bytes)
{
	return (bytes + RM_CACHE_LINE - 1) / RM_CACHE_LINE * RM_CACHE_LINE;
}

/* The header and `extra` are in one block, each on cache lines of its own. */
GOMAP_CALL struct gomap *gomap_create(
        size_t hint, struct rm_shape shape, uint64_t seed)
{
	size_t header = gomap_round_up(sizeof(struct gomap));
	size_t bytes = header + gomap_round_up(sizeof(struct gomap_extra));
	struct gomap *map = aligned_alloc(RM_CACHE_LINE, bytes);
	unsigned log2_buckets = 0;

	/* makes the counts appear in the result even if they stay 0 */
	RM_SEARCH_ADD(RM_CHAIN_WALKS, 0);
	if (!map)
		return NULL;
	memset((void *)map, 0, bytes);
	map->extra = (struct gomap_extra *)((char *)map + header);
	map->extra->shape = shape;
	gomap_set(map->extra->random, seed);
	gomap_set(map->hash0, (uint32_t)gomap_random(map));
	while (gomap_over(hint, log2_buckets))
		log2_buckets++;
	gomap_set(map->log2_buckets, (uint8_t)log2_buckets);
	if (log2_buckets == 0 && !GOMAP_NEEDS_BUCKET)
		return map; /* the first insert allocates the bucket */

	struct gomap_bucket *buckets = gomap_array_create(log2_buckets, shape);

	if (!buckets) {
		free(map);
		return NULL;
	}
	gomap_set(map->buckets, buckets);
	map->extra->next_overflow = gomap_preallocate(buckets, shape);
	return map;
}

GOMAP_PLAIN void gomap_borrow_keys(struct gomap *map)
{
	map->extra->borrows_keys = true;
}

GOMAP_PLAIN void gomap_tolerate_conflicts(struct gomap *map)
{
	map->extra->tolerates_conflicts = true;
}

/* Returns the pointer for the slot of a string key, or NULL if memory runs
   out. */
GOMAP_PLAIN const char *gomap_key_store(
        const struct gomap *map, struct rm_key key)
{
	if (map->extra->borrows_keys)
		return key.bytes;

	char *bytes = malloc(key.length ? key.length : 1);

	if (bytes && key.length)
		memcpy(bytes, key.bytes, key.length);
	return bytes;
}

/* Frees the copied bytes of the key in this slot, if there are any. */
GOMAP_PLAIN void gomap_key_release(
        const struct gomap *map, struct rm_shape shape, _Atomic uint64_t *key)
{
	if (shape.str && !map->extra->borrows_keys)
		free((void *)(uintptr_t)gomap_get(key[0]));
}

/* Allocates the block for a new key's value if it needs one. Returns false if
   memory runs out. */
GOMAP_PLAIN bool gomap_value_allocate(
        struct rm_shape shape, struct gomap_place place)
{
	void *box;

	if (!gomap_boxes(shape))
		return true;
	box = malloc(shape.value_bytes);
	gomap_set(*gomap_slot_value(place.bucket, shape, place.slot),
	        (uintptr_t)box);
	return box != NULL;
}

/* True if this bucket is part of the array, not a block of its own. */
GOMAP_PLAIN bool gomap_array_holds(struct gomap_bucket *buckets,
        struct rm_shape shape, const struct gomap_bucket *bucket)
{
	uint64_t all =
	        gomap_array_buckets(gomap_array_of(buckets)->log2_buckets);
	uintptr_t first = (uintptr_t)buckets;

	return (uintptr_t)bucket - first < all * gomap_stride(shape);
}

/* Keeps an unreachable overflow bucket for reuse. */
GOMAP_PLAIN void gomap_bucket_keep(struct gomap_extra *extra,
        struct rm_shape shape, struct gomap_bucket *bucket)
{
	gomap_set(*gomap_link(bucket, shape), (uintptr_t)extra->spare);
	extra->spare = bucket;
	extra->spare_count++;
}

/* Frees a list of overflow buckets, linked like a chain. */
GOMAP_PLAIN void gomap_bucket_list_free(
        struct gomap_bucket *bucket, struct rm_shape shape)
{
	while (bucket) {
		struct gomap_bucket *next = gomap_next(bucket, shape);

		free(bucket);
		bucket = next;
	}
}

GOMAP_PLAIN void gomap_spare_free(struct gomap_extra *extra)
{
	gomap_bucket_list_free(extra->spare, extra->shape);
	extra->spare = NULL;
	extra->spare_count = 0;
}

/* Frees the key copies and value blocks of one bucket's entries. */
GOMAP_PLAIN void gomap_bucket_keys_free(
        const struct gomap *map, struct gomap_bucket *bucket)
{
	struct rm_shape shape = map->extra->shape;

	for (size_t slot = 0; slot < GOMAP_SLOTS; slot++)
		if (gomap_get(bucket->tophash[slot]) >= GOMAP_LIVE) {
			gomap_key_release(map, shape,
			        gomap_slot_key(bucket, shape, slot));
			if (gomap_boxes(shape))
				free(gomap_box(
				        gomap_slot_value(bucket, shape, slot)));
		}
}

/* Frees an array with its chains and keys. */
GOMAP_PLAIN void gomap_array_destroy(
        const struct gomap *map, struct gomap_bucket *buckets)
{
	struct gomap_array *array = gomap_array_of(buckets);
	struct rm_shape shape = map->extra->shape;

	for (size_t i = 0; i <= gomap_mask(array->log2_buckets); i++) {
		struct gomap_bucket *bucket = gomap_at(buckets, shape, i);

		while (bucket) {
			struct gomap_bucket *next = gomap_next(bucket, shape);

			gomap_bucket_keys_free(map, bucket);
			if (!gomap_array_holds(buckets, shape, bucket))
				free(bucket);
			bucket = next;
		}
	}
	free(array);
}

/* Frees memory kept for iterators. Several iterators may end at the same time,
   each as the last one; the first takes the lists. */
GOMAP_RARE void gomap_retired_free(struct gomap *map)
{
	struct gomap_extra *extra = map->extra;
	/* both relaxed: the lock of the map or of the guard has ordered the
	   writers' additions, and the count of iterators has ordered the
	   iterators' reads */
	struct gomap_array *array = atomic_exchange_explicit(
	        &extra->retired_arrays, NULL, memory_order_relaxed);
	struct gomap_bucket *buckets = atomic_exchange_explicit(
	        &extra->retired_buckets, NULL, memory_order_relaxed);

	while (array) {
		struct gomap_array *next = array->next_retired;

		gomap_array_destroy(map, gomap_array_first(array));
		array = next;
	}
	gomap_bucket_list_free(buckets, extra->shape);
}

GOMAP_CALL void gomap_destroy(struct gomap *map)
{
	if (!map)
		return;
	if (gomap_get(map->buckets))
		gomap_array_destroy(map, gomap_get(map->buckets));
	if (gomap_get(map->oldbuckets))
		gomap_array_destroy(map, gomap_get(map->oldbuckets));
	gomap_retired_free(map);
	gomap_spare_free(map->extra);
	free(map);
}

#endif /* RM_SUPPORT_GOMAP_CREATE_H */
