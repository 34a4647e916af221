/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_overflow.h - Go's map: overflow buckets. Inner part of gomap.h. */
#ifndef RM_SUPPORT_GOMAP_OVERFLOW_H
#define RM_SUPPORT_GOMAP_OVERFLOW_H

#include "impls/gomap/gomap_create.h"

/* True if there are about as many overflow buckets as buckets: the map was
   larger once, and its chains are mostly empty. */
RM_HOT bool gomap_too_many_overflow(unsigned noverflow, unsigned log2_buckets)
{
	return noverflow >= 1U << (log2_buckets < 15 ? log2_buckets : 15);
}

/* Counts exactly below 2^16 buckets. Above that, counts only one overflow
   bucket in 2^(B-15), so that 16 bits suffice for the limit in
   gomap_too_many_overflow(). */
GOMAP_PLAIN void gomap_count_overflow(struct gomap *map)
{
	unsigned log2_buckets = gomap_get(map->log2_buckets);

	if (log2_buckets < 16 ||
	        (gomap_random(map) & gomap_mask(log2_buckets - 15)) == 0)
		gomap_increment(map->noverflow);
	gomap_increment(map->extra->overflow_buckets);
}

/* Returns a preallocated bucket, or NULL if none is left. */
GOMAP_PLAIN struct gomap_bucket *gomap_take_preallocated(
        struct gomap_extra *extra, struct rm_shape shape)
{
	struct gomap_bucket *bucket = extra->next_overflow;

	if (!bucket)
		return NULL;
	if (gomap_next(bucket, shape)) { /* `bucket` is the last one */
		gomap_set(*gomap_link(bucket, shape), 0);
		extra->next_overflow = NULL;
	} else {
		extra->next_overflow = gomap_at(bucket, shape, 1);
	}
	return bucket;
}

/* Appends an empty bucket to the chain that ends with `last`. Returns NULL if
   memory runs out. */
GOMAP_CALL struct gomap_bucket *gomap_append_overflow(
        struct gomap *map, struct rm_shape shape, struct gomap_bucket *last)
{
	struct gomap_extra *extra = map->extra;
	struct gomap_bucket *bucket = gomap_take_preallocated(extra, shape);

	if (!bucket && extra->spare) {
		bucket = extra->spare;
		extra->spare = gomap_next(bucket, shape);
		extra->spare_count--;
		memset((void *)bucket, 0, gomap_stride(shape));
	}
	if (!bucket)
		bucket = calloc(1, gomap_stride(shape));
	if (!bucket)
		return NULL;
	gomap_count_overflow(map);
	gomap_set(*gomap_link(last, shape), (uintptr_t)bucket);
	return bucket;
}

/* Reserves `wanted` overflow buckets, since a move must not stop halfway when
   memory runs out. Returns false if memory runs out. */
GOMAP_RARE bool gomap_reserve(
        struct gomap *map, struct rm_shape shape, size_t wanted)
{
	struct gomap_extra *extra = map->extra;

	while (extra->spare_count < wanted) {
		struct gomap_bucket *bucket = malloc(gomap_stride(shape));

		if (!bucket)
			return false;
		gomap_bucket_keep(extra, shape, bucket);
	}
	return true;
}

#endif /* RM_SUPPORT_GOMAP_OVERFLOW_H */
