/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_iterate.h - Go's map: visits all entries, even while they change.
   Inner part of gomap.h. */
#ifndef RM_SUPPORT_GOMAP_ITERATE_H
#define RM_SUPPORT_GOMAP_ITERATE_H

#include "impls/gomap/gomap_create.h"
#include "impls/gomap/gomap_lookup.h"

#define GOMAP_NO_CHECK UINT64_MAX

/* Opaque to users. If the map grows, the iterator stays in the array that was
   current when the iteration began. */
struct gomap_iterator {
	struct gomap *map;
	struct gomap_bucket *buckets;
	struct gomap_bucket *bucket; /* current bucket; NULL: the next chain has
	                                not begun */
	uint64_t start, index;       /* index of the first chain and of the next
	                          chain */
	uint64_t check; /* in an old chain, visit only entries that move
	                          to this index */
	unsigned log2_buckets, offset, step;
	bool wrapped, done;
};

GOMAP_PLAIN void gomap_iterate_begin(
        struct gomap *map, struct gomap_iterator *it)
{
	const unsigned both = GOMAP_ITERATOR | GOMAP_OLD_ITERATOR;
	uint64_t random;

	*it = (struct gomap_iterator){ .done = true };
	if (!map) /* nil map: there is nothing to visit or to end */
		return;
	random = gomap_random(map);
	/* relaxed: only readers run concurrently; writers are excluded */
	atomic_fetch_add_explicit(
	        &map->extra->iterators, 1, memory_order_relaxed);
	*it = (struct gomap_iterator){
		.map = map,
		.buckets = gomap_get(map->buckets),
		.log2_buckets = gomap_get(map->log2_buckets),
		.check = GOMAP_NO_CHECK,
		.done = gomap_get(map->count) == 0,
	};
	it->start = random & gomap_mask(it->log2_buckets);
	it->offset = random >> it->log2_buckets & (GOMAP_SLOTS - 1);
	it->index = it->start;
	if ((gomap_get(map->flags) & both) != both)
		/* relaxed: only readers run concurrently */
		atomic_fetch_or_explicit(
		        &map->flags, (uint8_t)both, memory_order_relaxed);
}

GOMAP_PLAIN void gomap_iterate_end(struct gomap_iterator *it)
{
	if (!it->map)
		return;
	/* acq_rel: the last iterator frees what the others have read */
	if (atomic_fetch_sub_explicit(
	            &it->map->extra->iterators, 1, memory_order_acq_rel) == 1 &&
	        (gomap_get(it->map->extra->retired_arrays) ||
	                gomap_get(it->map->extra->retired_buckets)))
		gomap_retired_free(it->map);
}

/* Goes to the head of the next chain. Returns false if all chains were
   visited. */
GOMAP_PLAIN bool gomap_next_chain(
        struct gomap_iterator *it, struct rm_shape shape)
{
	struct gomap *map = it->map;
	struct gomap_bucket *old = gomap_get(map->oldbuckets);

	if (it->wrapped && it->index == it->start)
		return false;
	it->bucket = gomap_at(it->buckets, shape, it->index);
	it->check = GOMAP_NO_CHECK;
	it->step = 0;
	if (old && it->log2_buckets == gomap_get(map->log2_buckets)) {
		/* If the entries have not moved yet, they are in the old
		   chain. */
		old = gomap_at(old, shape, it->index & gomap_old_mask(map));
		if (!gomap_moved(old)) {
			it->bucket = old;
			it->check = it->index;
		}
	}
	if (++it->index > gomap_mask(it->log2_buckets)) {
		it->index = 0;
		it->wrapped = true;
	}
	return true;
}

/* False if the entry in this old slot belongs to the other new chain, where it
   is visited instead. */
GOMAP_PLAIN bool gomap_belongs_here(
        const struct gomap_iterator *it, struct rm_shape shape, size_t slot)
{
	const struct gomap *map = it->map;
	const _Atomic uint64_t *key = gomap_slot_key(it->bucket, shape, slot);

	if (it->check == GOMAP_NO_CHECK ||
	        (gomap_get(map->flags) & GOMAP_SAME_SIZE))
		return true;
	if (!gomap_equals_itself(key)) /* as in gomap_choose_half() */
		return it->check >> (it->log2_buckets - 1) ==
		       (gomap_get(it->bucket->tophash[slot]) & 1);
	return (gomap_hash(map, shape, gomap_key_of(shape, key)) &
	               gomap_mask(it->log2_buckets)) == it->check;
}

/* Visits one slot. Returns true if the slot has an entry to return. */
GOMAP_PLAIN bool gomap_visit(struct gomap_iterator *it, struct rm_shape shape,
        size_t slot, struct rm_key *key, struct rm_value *value)
{
	unsigned top = gomap_get(it->bucket->tophash[slot]);
	const _Atomic uint64_t *words;

	if (top <= GOMAP_EMPTY_ONE || top == GOMAP_MOVED_EMPTY)
		return false;
	if (!gomap_belongs_here(it, shape, slot))
		return false;
	*key = gomap_key_of(shape, gomap_slot_key(it->bucket, shape, slot));
	/* a key that differs from itself cannot be updated or removed */
	if (top >= GOMAP_LIVE ||
	        !gomap_equals_itself(gomap_slot_key(it->bucket, shape, slot)))
		words = gomap_slot_value(it->bucket, shape, slot);
	else /* the map has grown, so find the current value */
		words = gomap_find(it->map, shape, *key);
	if (!words)
		return false; /* removed in the meantime */
	gomap_value_load(shape, words, value);
	return true;
}

/* In each chain the visit begins at the offset drawn for this iteration. As in
   Go, callers must not rely on an order. */
GOMAP_PLAIN bool gomap_iterate_next(struct gomap_iterator *it,
        struct rm_shape shape, struct rm_key *key, struct rm_value *value)
{
	if (it->done)
		return false;
	if (gomap_get(it->map->flags) & GOMAP_WRITING)
		gomap_fatal(it->map, "concurrent map iteration and map write");
	for (;;) {
		if (!it->bucket && !gomap_next_chain(it, shape)) {
			it->done = true;
			return false;
		}
		while (it->step < GOMAP_SLOTS) {
			size_t slot = (it->step++ + it->offset) % GOMAP_SLOTS;

			if (gomap_visit(it, shape, slot, key, value))
				return true;
		}
		it->bucket = gomap_next(it->bucket, shape);
		it->step = 0;
	}
}

#endif /* RM_SUPPORT_GOMAP_ITERATE_H */
