/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_cas.h - sync.Map: LoadOrStore and CompareAndSwap. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_CAS_H
#define RM_SYNCMAP_CAS_H

#include "impls/support/syncmap_write.h"

/* Puts the box into an entry that has no value. Returns NULL: it did; the
   entry's box: it has one; SYNCMAP_EXPUNGED: not without the lock. */
RM_HOT struct syncmap_box *syncmap_fill(
        struct syncmap_entry *entry, struct syncmap_box *box)
{
	/* acquire: the content of the box that is there */
	struct syncmap_box *there =
	        atomic_load_explicit(&entry->p, memory_order_acquire);

	while (!there)
		/* release: publishes the box. acquire: as above */
		if (atomic_compare_exchange_weak_explicit(&entry->p, &there,
		            box, memory_order_release, memory_order_acquire))
			return NULL;
	return there;
}

/* The slow path: the box that is there, or NULL: ours is now. A key found in
   dirty only is a miss. */
static struct syncmap_box *syncmap_fill_locked(struct epoch_record *record,
        struct rm_shape inner, struct rm_key key, struct syncmap_box *box)
{
	struct syncmap *map = record->owner;
	struct syncmap_box *there = NULL;
	bool missed;

	pthread_mutex_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_entry_locked(map, inner, key, &missed);

	if (entry)
		there = syncmap_fill(entry, box);
	else
		syncmap_insert(record, inner, key, box);
	if (missed)
		syncmap_miss(record, map);
	pthread_mutex_unlock(&map->lock);
	return there;
}

static bool syncmap_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct epoch_record *record = thread;
	const struct rm_shape inner = syncmap_inner(shape);
	struct syncmap_box *box = syncmap_box_new(shape, value);
	struct syncmap_header *header = syncmap_read(record->owner);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);
	struct syncmap_box *there = SYNCMAP_EXPUNGED;

	if (entry)
		there = syncmap_fill(entry, box);
	if (there == SYNCMAP_EXPUNGED)
		there = syncmap_fill_locked(record, inner, key, box);
	if (there) {
		syncmap_box_read(shape, there, present);
		free(box); /* nobody has seen it */
	}
	epoch_settle(record);
	return there != NULL;
}

/* Replaces the value if it is the expected one. Returns the box that was
   replaced, or NULL. */
static struct syncmap_box *syncmap_replace(struct rm_shape shape,
        struct syncmap_entry *entry, const struct rm_value *expected,
        struct syncmap_box *box)
{
	/* acquire: the content that is compared */
	struct syncmap_box *there =
	        atomic_load_explicit(&entry->p, memory_order_acquire);

	while (syncmap_live(there) &&
	        !memcmp(there, expected, shape.value_bytes))
		/* release: publishes the box. acquire: as above */
		if (atomic_compare_exchange_weak_explicit(&entry->p, &there,
		            box, memory_order_release, memory_order_acquire))
			return there;
	return NULL;
}

/* The slow path: the set of keys does not change, so nothing is revived. */
static struct syncmap_box *syncmap_replace_locked(struct epoch_record *record,
        struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, struct syncmap_box *box)
{
	const struct rm_shape inner = syncmap_inner(shape);
	struct syncmap *map = record->owner;
	struct syncmap_box *old = NULL;

	pthread_mutex_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_find(syncmap_read_locked(map)->map, inner, key);
	bool missed = !entry && map->dirty;

	if (missed)
		entry = syncmap_find(map->dirty, inner, key);
	if (entry)
		old = syncmap_replace(shape, entry, expected, box);
	if (entry && missed)
		syncmap_miss(record, map);
	pthread_mutex_unlock(&map->lock);
	return old;
}

static bool syncmap_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct epoch_record *record = thread;
	struct syncmap_box *box = syncmap_box_new(shape, value);
	struct syncmap_header *header = syncmap_read(record->owner);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);
	struct syncmap_box *old = NULL;

	if (entry)
		old = syncmap_replace(shape, entry, expected, box);
	else if (header->amended)
		old = syncmap_replace_locked(record, shape, key, expected, box);
	if (old)
		epoch_retire(record, SYNCMAP_BOX, old, shape.value_bytes);
	else
		free(box); /* nobody has seen it */
	epoch_settle(record);
	return old != NULL;
}

#endif /* RM_SYNCMAP_CAS_H */
