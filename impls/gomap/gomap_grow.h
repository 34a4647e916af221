/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_grow.h - Go's map: growth, a few old buckets at a time.
 *
 * Inner part of gomap.h. Growth allocates a new array and moves nothing. Each
 * later write moves the old bucket of its own key and the next one in order. So
 * growth ends after at most as many writes as there were old buckets.
 */
#ifndef RM_SUPPORT_GOMAP_GROW_H
#define RM_SUPPORT_GOMAP_GROW_H

#include "impls/gomap/gomap_lookup.h"
#include "impls/gomap/gomap_overflow.h"

enum { GOMAP_MARK_STEPS = 1024 }; /* most buckets that one write passes */

/* Starts growing: to twice the size if there are too many entries, else to the
   same size. Returns false if memory runs out; a later insert tries again. */
GOMAP_CALL bool gomap_grow(struct gomap *map, struct rm_shape shape)
{
	unsigned log2_buckets = gomap_get(map->log2_buckets);
	unsigned flags = gomap_get(map->flags);
	unsigned bigger = gomap_over(gomap_get(map->count) + 1, log2_buckets);
	const uint64_t start_ns = RM_EVENT_CLOCK();
	struct gomap_bucket *buckets =
	        gomap_array_create(log2_buckets + bigger, shape);

	if (!buckets) {
		gomap_increment(map->extra->failed_growths);
		return false;
	}
	if (bigger)
		gomap_increment(map->extra->growths);
	else
		gomap_increment(map->extra->same_size_growths);
	flags &= ~(unsigned)GOMAP_OLD_ITERATOR;
	if (flags & GOMAP_ITERATOR)
		flags ^= GOMAP_ITERATOR | GOMAP_OLD_ITERATOR;
	if (!bigger)
		flags |= GOMAP_SAME_SIZE;
	gomap_set(map->flags, (uint8_t)flags);
	gomap_set(map->log2_buckets, (uint8_t)(log2_buckets + bigger));
	gomap_set(map->oldbuckets, gomap_get(map->buckets));
	gomap_set(map->buckets, buckets);
	gomap_set(map->nevacuate, 0);
	gomap_set(map->noverflow, 0);
	map->extra->next_overflow = gomap_preallocate(buckets, shape);
	RM_EVENT_OPEN(RM_EVENT_GROWTH, map, log2_buckets + bigger);
	RM_EVENT_SPAN(RM_EVENT_GROW, start_ns, log2_buckets + bigger);
	return true;
}

/* Appends a moved entry to the chain of `to`. Never fails, because
   gomap_reserve() was called before. */
GOMAP_PLAIN void gomap_move_entry(struct gomap *map, struct rm_shape shape,
        struct gomap_place *to, struct gomap_bucket *from, size_t slot,
        uint8_t top)
{
	if (to->slot == GOMAP_SLOTS) {
		to->bucket = gomap_append_overflow(map, shape, to->bucket);
		to->slot = 0;
	}

	_Atomic uint64_t *old = gomap_slot_key(from, shape, slot);
	_Atomic uint64_t *new = gomap_slot_key(to->bucket, shape, to->slot);

	for (size_t i = 0; i < gomap_key_words(shape); i++)
		gomap_set(new[i], gomap_get(old[i]));
	old = gomap_slot_value(from, shape, slot);
	new = gomap_slot_value(to->bucket, shape, to->slot);
	for (size_t i = 0; i < gomap_value_words(shape); i++)
		gomap_set(new[i], gomap_get(old[i]));
	gomap_set(to->bucket->tophash[to->slot], top);
	to->slot++;
}

/* Returns 1 if an entry goes to the high half of the doubled array; `top` is
   its tophash. A key that does not equal itself hashes differently each time.
   An iterator may need to predict the half of such an entry, so the lowest bit
   of the tophash selects the half. A new tophash is drawn for the next
   growth, so that such keys spread over all buckets. */
GOMAP_PLAIN unsigned gomap_choose_half(const struct gomap *map,
        struct rm_shape shape, const _Atomic uint64_t *key, uint64_t new_bit,
        uint8_t *top)
{
	const uint64_t hash = gomap_hash(map, shape, gomap_key_of(shape, key));
	const unsigned lowest = *top & 1;

	if (gomap_equals_itself(key) ||
	        !(gomap_get(map->flags) & GOMAP_ITERATOR))
		return (hash & new_bit) != 0;
	*top = gomap_tophash(hash);
	return lowest;
}

/* Moves the entries of one bucket to chain `low` or `high` and leaves marks in
   their slots. */
GOMAP_PLAIN void gomap_move_bucket(struct gomap *map, struct rm_shape shape,
        struct gomap_bucket *from, struct gomap_place to[2], uint64_t new_bit)
{
	for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
		uint8_t top = gomap_get(from->tophash[slot]);
		unsigned high = 0;

		if (top < GOMAP_LIVE) {
			gomap_set(from->tophash[slot], GOMAP_MOVED_EMPTY);
			continue;
		}
		if (new_bit)
			high = gomap_choose_half(map, shape,
			        gomap_slot_key(from, shape, slot), new_bit,
			        &top);
		gomap_set(
		        from->tophash[slot], (uint8_t)(GOMAP_MOVED_LOW + high));
		gomap_move_entry(map, shape, &to[high], from, slot, top);
	}
}

/* Drops the rest of the chain of a moved bucket, unless an iterator may use it.
   (Go also lets its collector free keys and values; here they have moved.) */
GOMAP_PLAIN void gomap_drop_chain(
        struct gomap *map, struct rm_shape shape, struct gomap_bucket *head)
{
	struct gomap_bucket *array = gomap_get(map->oldbuckets);
	struct gomap_bucket *bucket = gomap_next(head, shape);

	if (gomap_get(map->extra->iterators)) {
		gomap_array_of(array)->chains_kept |= bucket != NULL;
		return;
	}
	gomap_set(*gomap_link(head, shape), 0);
	while (bucket) {
		struct gomap_bucket *next = gomap_next(bucket, shape);

		if (!gomap_array_holds(array, shape, bucket))
			gomap_bucket_keep(map->extra, shape, bucket);
		bucket = next;
	}
}

/* Ends growth, since the old array is empty. */
GOMAP_CALL void gomap_end_growth(struct gomap *map)
{
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	struct gomap_array *array = gomap_array_of(old);

	gomap_set(map->oldbuckets, NULL);
	RM_EVENT_CLOSE(RM_EVENT_GROWTH, map);
	gomap_set(
	        map->flags, gomap_get(map->flags) & (uint8_t)~GOMAP_SAME_SIZE);
	if (gomap_get(map->extra->iterators)) {
		array->next_retired = gomap_get(map->extra->retired_arrays);
		gomap_set(map->extra->retired_arrays, array);
	} else if (array->chains_kept) {
		gomap_array_destroy(map, old);
	} else {
		free(array);
	}
	gomap_spare_free(map->extra);
}

/* Advances nevacuate past buckets that have moved, by a bounded number of
   steps. */
GOMAP_PLAIN void gomap_advance_mark(
        struct gomap *map, struct rm_shape shape, uint64_t old_size)
{
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	uint64_t mark = gomap_get(map->nevacuate) + 1;
	uint64_t stop = mark + GOMAP_MARK_STEPS;

	if (stop > old_size)
		stop = old_size;
	while (mark != stop && gomap_moved(gomap_at(old, shape, mark)))
		mark++;
	gomap_set(map->nevacuate, mark);
	if (mark == old_size)
		gomap_end_growth(map);
}

/* Moves the chain of old bucket `index`. If memory runs out, the chain stays
   where it is. */
GOMAP_CALL void gomap_evacuate(
        struct gomap *map, struct rm_shape shape, uint64_t index)
{
	bool same_size = gomap_get(map->flags) & GOMAP_SAME_SIZE;
	uint64_t old_size = gomap_old_mask(map) + 1;
	struct gomap_bucket *buckets = gomap_get(map->buckets);
	struct gomap_bucket *head =
	        gomap_at(gomap_get(map->oldbuckets), shape, index);
	size_t chained = 0;

	if (!gomap_moved(head)) {
		struct gomap_place to[2] = { { gomap_at(buckets, shape, index),
			0 } };

		if (!same_size)
			to[1].bucket =
			        gomap_at(buckets, shape, index + old_size);
		for (struct gomap_bucket *b = gomap_next(head, shape); b;
		        b = gomap_next(b, shape))
			chained++;
		/* 8 * (chained + 1) entries in two chains overflow by at most
		   `chained` buckets. */
		if (chained > map->extra->spare_count &&
		        !gomap_reserve(map, shape, chained))
			return;
		for (struct gomap_bucket *b = head; b; b = gomap_next(b, shape))
			gomap_move_bucket(
			        map, shape, b, to, same_size ? 0 : old_size);
		gomap_drop_chain(map, shape, head);
		gomap_increment(map->extra->evacuations);
	}
	if (index == gomap_get(map->nevacuate))
		gomap_advance_mark(map, shape, old_size);
}

/* Does the part of growth that a write to `hash` must do. If memory runs out,
   the chain stays where it is and still allows updates and removals. */
GOMAP_CALL void gomap_grow_work(
        struct gomap *map, struct rm_shape shape, uint64_t hash)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();

	gomap_evacuate(map, shape, hash & gomap_old_mask(map));
	if (gomap_get(map->oldbuckets))
		gomap_evacuate(map, shape, gomap_get(map->nevacuate));
	RM_EVENT_SPAN(RM_EVENT_EVACUATE, start_ns, gomap_get(map->nevacuate));
}

#endif /* RM_SUPPORT_GOMAP_GROW_H */
