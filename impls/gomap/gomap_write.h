/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_write.h - Go's map: assigns and removes entries. Inner part of
   gomap.h. */
#ifndef RM_SUPPORT_GOMAP_WRITE_H
#define RM_SUPPORT_GOMAP_WRITE_H

#include "impls/gomap/gomap_grow.h"

/* Go's first check in each write: aborts if another thread is writing. */
RM_HOT void gomap_require_no_writer(const struct gomap *map)
{
	if (__builtin_expect(gomap_get(map->flags) & GOMAP_WRITING, 0))
		gomap_fatal(map, "concurrent map writes");
}

/* Toggles the flag. If two writes have both passed the check, the second clears
   the flag of the first, and both detect that at their end. */
RM_HOT void gomap_write_begin(struct gomap *map)
{
	gomap_set(map->flags, gomap_get(map->flags) ^ GOMAP_WRITING);
}

/* Begins a write to a key and returns its hash. As in Go, the key is hashed
   before the flag is set, so a faulting hash leaves no flag. */
RM_HOT uint64_t gomap_write_begin_at(
        struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	gomap_require_no_writer(map);

	const uint64_t hash = gomap_hash(map, shape, key);

	gomap_write_begin(map);
	return hash;
}

RM_HOT void gomap_write_end(struct gomap *map)
{
	uint8_t flags = gomap_get(map->flags);

	if (__builtin_expect(!(flags & GOMAP_WRITING), 0))
		gomap_fatal(map, "concurrent map writes");
	gomap_set(map->flags, flags & (uint8_t)~GOMAP_WRITING);
}

/* Returns the first free slot of a chain and appends a bucket if necessary.
   The result's `bucket` is NULL if memory runs out. */
GOMAP_PLAIN struct gomap_place gomap_free_slot(
        struct gomap *map, struct rm_shape shape, struct gomap_bucket *bucket)
{
	for (;;) {
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++)
			if (gomap_get(bucket->tophash[slot]) <= GOMAP_EMPTY_ONE)
				return (struct gomap_place){ bucket, slot };

		struct gomap_bucket *next = gomap_next(bucket, shape);

		if (!next)
			return (struct gomap_place){
				gomap_append_overflow(map, shape, bucket), 0
			};
		bucket = next;
	}
}

/* False if the chain of this hash could not move because memory ran out. Then
   nothing may be inserted into it. */
GOMAP_PLAIN bool gomap_chain_ready(
        const struct gomap *map, struct rm_shape shape, uint64_t hash)
{
	struct gomap_bucket *old = gomap_get(map->oldbuckets);

	return !old ||
	       gomap_moved(gomap_at(old, shape, hash & gomap_old_mask(map)));
}

/* Returns the number of entries in a chain. */
GOMAP_PLAIN unsigned gomap_chain_entries(
        struct gomap_bucket *bucket, struct rm_shape shape)
{
	unsigned entries = 0;

	for (; bucket; bucket = gomap_next(bucket, shape))
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++)
			entries +=
			        gomap_get(bucket->tophash[slot]) >= GOMAP_LIVE;
	return entries;
}

/* Inserts an absent key; grows first if necessary. */
GOMAP_CALL _Atomic uint64_t *gomap_insert(struct gomap *map,
        struct rm_shape shape, struct rm_key key, uint64_t hash)
{
	unsigned log2_buckets = gomap_get(map->log2_buckets);
	const char *held = NULL;

	if (!gomap_get(map->oldbuckets) &&
	        (gomap_over(gomap_get(map->count) + 1, log2_buckets) ||
	                gomap_too_many_overflow(
	                        gomap_get(map->noverflow), log2_buckets)) &&
	        gomap_grow(map, shape))
		gomap_grow_work(map, shape, hash);
	if (!gomap_chain_ready(map, shape, hash))
		return NULL;
	if (shape.str) {
		held = gomap_key_store(map, key);
		if (!held && key.length)
			return NULL;
	}

	struct gomap_bucket *head = gomap_chain(map, shape, hash);
	struct gomap_place place = gomap_free_slot(map, shape, head);

	if (!place.bucket || !gomap_value_allocate(shape, place)) {
		if (shape.str && !map->extra->borrows_keys)
			free((void *)(uintptr_t)held);
		return NULL;
	}

	_Atomic uint64_t *slot =
	        gomap_slot_key(place.bucket, shape, place.slot);

	gomap_set(slot[0], shape.str ? (uintptr_t)held : key.word);
	if (shape.str)
		gomap_set(slot[1], key.length);
	gomap_set(place.bucket->tophash[place.slot], gomap_tophash(hash));
	gomap_increment(map->count);
	RM_STAT_OWN(map->extra->third_conflicts,
	        gomap_chain_entries(head, shape) == GOMAP_THIRD);
	return gomap_slot_value(place.bucket, shape, place.slot);
}

/* Allocates the one bucket of a map that started without buckets. */
GOMAP_RARE bool gomap_first_bucket(struct gomap *map, struct rm_shape shape)
{
	gomap_set(map->buckets, gomap_array_create(0, shape));
	return gomap_get(map->buckets) != NULL;
}

/* The part of an assignment between gomap_write_begin_at(), which returned
   `hash`, and gomap_write_end(). */
RM_HOT _Atomic uint64_t *gomap_assign_begun(struct gomap *map,
        struct rm_shape shape, struct rm_key key, uint64_t hash,
        bool *was_there)
{
	*was_there = false;
	if (__builtin_expect(!gomap_get(map->buckets), 0) &&
	        !gomap_first_bucket(map, shape))
		return NULL;
	if (__builtin_expect(gomap_get(map->oldbuckets) != NULL, 0))
		gomap_grow_work(map, shape, hash);

	struct gomap_place place = gomap_walk(
	        gomap_chain(map, shape, hash), shape, key, gomap_tophash(hash));

	if (!place.bucket)
		return gomap_insert(map, shape, key, hash);
	*was_there = true;
	if (GOMAP_FLOAT_KEYS) /* -0 equals 0, but the stored key becomes the new
	                         one */
		gomap_set(*gomap_slot_key(place.bucket, shape, place.slot),
		        key.word);
	return gomap_slot_value(place.bucket, shape, place.slot);
}

RM_HOT _Atomic uint64_t *gomap_assign(struct gomap *map, struct rm_shape shape,
        struct rm_key key, bool *was_there)
{
	if (__builtin_expect(!map, 0))
		gomap_panic_nil();

	const uint64_t hash = gomap_write_begin_at(map, shape, key);
	_Atomic uint64_t *words =
	        gomap_assign_begun(map, shape, key, hash, was_there);

	gomap_write_end(map);
	return words;
}

/* Returns the bucket before `bucket` in the chain of `head`. */
GOMAP_PLAIN struct gomap_bucket *gomap_previous_bucket(
        struct gomap_bucket *head, struct rm_shape shape,
        const struct gomap_bucket *bucket)
{
	while (gomap_next(head, shape) != bucket)
		head = gomap_next(head, shape);
	return head;
}

/* True if only empty slots follow this entry in its chain. */
GOMAP_PLAIN bool gomap_is_last_entry(
        struct gomap_place place, struct rm_shape shape)
{
	struct gomap_bucket *next = gomap_next(place.bucket, shape);

	if (place.slot < GOMAP_SLOTS - 1)
		return gomap_get(place.bucket->tophash[place.slot + 1]) ==
		       GOMAP_EMPTY_REST;
	return !next || gomap_get(next->tophash[0]) == GOMAP_EMPTY_REST;
}

/* Marks a slot empty. If it was the last entry of the chain, marks it and the
   empty slots before it as emptyRest, where lookups stop. */
GOMAP_PLAIN void gomap_mark_empty(struct gomap_bucket *head,
        struct rm_shape shape, struct gomap_place place)
{
	gomap_set(place.bucket->tophash[place.slot], GOMAP_EMPTY_ONE);
	if (!gomap_is_last_entry(place, shape))
		return;
	do {
		gomap_set(place.bucket->tophash[place.slot], GOMAP_EMPTY_REST);
		if (place.slot > 0) {
			place.slot--;
		} else if (place.bucket == head) {
			return;
		} else {
			place.bucket = gomap_previous_bucket(
			        head, shape, place.bucket);
			place.slot = GOMAP_SLOTS - 1;
		}
	} while (gomap_get(place.bucket->tophash[place.slot]) ==
	         GOMAP_EMPTY_ONE);
}

/* Erases the copy of a moved entry in one old array, so that iterators do not
   follow a pointer to freed bytes. */
GOMAP_PLAIN void gomap_erase_traces_in(struct gomap_bucket *buckets,
        struct rm_shape shape, uint64_t hash, uint64_t bytes)
{
	uint64_t mask = gomap_mask(gomap_array_of(buckets)->log2_buckets);

	for (struct gomap_bucket *b = gomap_at(buckets, shape, hash & mask); b;
	        b = gomap_next(b, shape))
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			unsigned top = gomap_get(b->tophash[slot]);

			if ((top == GOMAP_MOVED_LOW ||
			            top == GOMAP_MOVED_HIGH) &&
			        gomap_get(*gomap_slot_key(b, shape, slot)) ==
			                bytes)
				gomap_set(b->tophash[slot], GOMAP_MOVED_EMPTY);
		}
}

/* Erases the copies of a moved entry in all old arrays that an iterator may
   use. */
GOMAP_RARE void gomap_erase_traces(
        struct gomap *map, struct rm_shape shape, uint64_t hash, uint64_t bytes)
{
	if (gomap_get(map->oldbuckets))
		gomap_erase_traces_in(
		        gomap_get(map->oldbuckets), shape, hash, bytes);
	for (struct gomap_array *array = gomap_get(map->extra->retired_arrays);
	        array; array = array->next_retired)
		gomap_erase_traces_in(
		        gomap_array_first(array), shape, hash, bytes);
}

/* Removes the entry at `place`, in the chain of `head`. */
GOMAP_CALL void gomap_remove_at(struct gomap *map, struct rm_shape shape,
        uint64_t hash, struct gomap_bucket *head, struct gomap_place place)
{
	_Atomic uint64_t *key = gomap_slot_key(place.bucket, shape, place.slot);
	_Atomic uint64_t *value =
	        gomap_slot_value(place.bucket, shape, place.slot);

	if (shape.str && gomap_get(map->extra->iterators))
		gomap_erase_traces(map, shape, hash, gomap_get(key[0]));
	gomap_key_release(map, shape, key);
	if (gomap_boxes(shape))
		free(gomap_box(value));
	for (size_t i = 0; i < gomap_key_words(shape); i++)
		gomap_set(key[i], 0);
	for (size_t i = 0; i < gomap_value_words(shape); i++)
		gomap_set(value[i], 0);
	gomap_mark_empty(head, shape, place);
	gomap_set(map->count, gomap_get(map->count) - 1);
	if (gomap_get(map->count) == 0)
		/* a new seed, so that attackers cannot find it by trying
		   keys */
		gomap_set(map->hash0, (uint32_t)gomap_random(map));
}

/* Like an insert, a removal first moves its chain out of the old array. So
   growth ends even if all writes are removals. */
RM_HOT bool gomap_remove(struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	if (gomap_count(map) == 0)
		return false;

	const uint64_t hash = gomap_write_begin_at(map, shape, key);

	if (__builtin_expect(gomap_get(map->oldbuckets) != NULL, 0))
		gomap_grow_work(map, shape, hash);

	struct gomap_bucket *head = gomap_chain(map, shape, hash);
	struct gomap_place place =
	        gomap_walk(head, shape, key, gomap_tophash(hash));

	if (place.bucket) {
		if (old)
			gomap_value_load(shape,
			        gomap_slot_value(
			                place.bucket, shape, place.slot),
			        old);
		gomap_remove_at(map, shape, hash, head, place);
	}
	gomap_write_end(map);
	return place.bucket != NULL;
}

#endif /* RM_SUPPORT_GOMAP_WRITE_H */
