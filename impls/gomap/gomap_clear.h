/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_clear.h - Go's map: removing all entries. Inner part of gomap.h. */
#ifndef RM_SUPPORT_GOMAP_CLEAR_H
#define RM_SUPPORT_GOMAP_CLEAR_H

#include "impls/gomap/gomap_write.h"

/* Empties every slot of an array, so that iterators over it find nothing. */
GOMAP_PLAIN void gomap_wipe(struct gomap *map, struct gomap_bucket *buckets)
{
	struct rm_shape shape = map->extra->shape;
	uint64_t mask = gomap_mask(gomap_array_of(buckets)->log2_buckets);

	for (size_t i = 0; i <= mask; i++)
		for (struct gomap_bucket *b = gomap_at(buckets, shape, i); b;
		        b = gomap_next(b, shape)) {
			gomap_bucket_keys_free(map, b);
			for (size_t slot = 0; slot < GOMAP_SLOTS; slot++)
				gomap_set(b->tophash[slot], GOMAP_EMPTY_REST);
		}
}

/* Unlinks the wiped overflow buckets of the current array. Frees them or, if
   iterators are open, keeps them; iterators find nothing in them. */
GOMAP_PLAIN void gomap_unhook_chains(
        struct gomap *map, struct rm_shape shape, struct gomap_bucket *buckets)
{
	struct gomap_extra *extra = map->extra;
	uint64_t mask = gomap_mask(gomap_array_of(buckets)->log2_buckets);
	bool retire = gomap_get(extra->iterators) != 0;

	for (size_t i = 0; i <= mask; i++) {
		struct gomap_bucket *bucket =
		        gomap_next(gomap_at(buckets, shape, i), shape);

		while (bucket) {
			struct gomap_bucket *next = gomap_next(bucket, shape);

			if (gomap_array_holds(buckets, shape, bucket)) {
				bucket = next;
				continue;
			}
			if (retire) {
				gomap_set(*gomap_link(bucket, shape),
				        (uintptr_t)gomap_get(
				                extra->retired_buckets));
				gomap_set(extra->retired_buckets, bucket);
			} else {
				free(bucket);
			}
			bucket = next;
		}
	}
}

GOMAP_CALL void gomap_clear(struct gomap *map, struct rm_shape shape)
{
	struct gomap_bucket *buckets, *old;
	struct gomap_extra *extra;

	if (gomap_count(map) == 0)
		return;
	gomap_require_no_writer(map);
	gomap_write_begin(map);
	buckets = gomap_get(map->buckets);
	old = gomap_get(map->oldbuckets);
	extra = map->extra;
	gomap_wipe(map, buckets);
	gomap_unhook_chains(map, shape, buckets);
	memset((void *)buckets, 0,
	        gomap_array_buckets(gomap_array_of(buckets)->log2_buckets) *
	                gomap_stride(shape));
	extra->next_overflow = gomap_preallocate(buckets, shape);
	if (old) {
		gomap_wipe(map, old);
		gomap_array_of(old)->chains_kept = true;
		gomap_end_growth(map);
	}
	for (struct gomap_array *array = gomap_get(extra->retired_arrays);
	        array; array = array->next_retired)
		gomap_wipe(map, gomap_array_first(array));
	gomap_set(map->nevacuate, 0);
	gomap_set(map->noverflow, 0);
	gomap_set(map->count, 0);
	gomap_set(map->hash0, (uint32_t)gomap_random(map));
	gomap_write_end(map);
}

#endif /* RM_SUPPORT_GOMAP_CLEAR_H */
