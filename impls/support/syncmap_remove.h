/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_remove.h - sync.Map: LoadAndDelete and Clear. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_REMOVE_H
#define RM_SYNCMAP_REMOVE_H

#include "impls/support/syncmap_read.h"

/* Takes a value out of an entry; NULL: there is none. */
RM_HOT struct syncmap_box *syncmap_empty(struct syncmap_entry *entry)
{
	/* relaxed: the exchange acquires */
	struct syncmap_box *box =
	        atomic_load_explicit(&entry->p, memory_order_relaxed);

	while (syncmap_live(box))
		/* acquire: the content of what we take out; relaxed: again.
		   Not release: NULL publishes nothing. */
		if (atomic_compare_exchange_weak_explicit(&entry->p, &box, NULL,
		            memory_order_acquire, memory_order_relaxed))
			return box;
	return NULL;
}

/* The slow path. An entry that was in dirty only is taken out of it, a miss
   either way, and `detached`: nobody else will change it. */
RM_HOT struct syncmap_entry *syncmap_detach_locked(struct epoch_record *record,
        struct rm_shape inner, struct rm_key key, bool *detached)
{
	struct syncmap *map = record->owner;

	pthread_mutex_lock(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);

	if (!entry && header->amended) {
		struct rm_value value;

		if (gomap_remove(map->dirty, inner, key, &value))
			entry = (void *)(uintptr_t)value.word[0];
		*detached = entry != NULL;
		syncmap_miss(record, map);
	}
	pthread_mutex_unlock(&map->lock);
	return entry;
}

GOMAP_CALL struct syncmap_entry *syncmap_detach_u64(
        struct epoch_record *record, struct rm_key key, bool *detached)
{
	return syncmap_detach_locked(record, RM_U64X8, key, detached);
}

GOMAP_CALL struct syncmap_entry *syncmap_detach_str(
        struct epoch_record *record, struct rm_key key, bool *detached)
{
	return syncmap_detach_locked(record, RM_STR16X8, key, detached);
}

/* The key's entry, or NULL. */
RM_HOT struct syncmap_entry *syncmap_detach(struct epoch_record *record,
        struct rm_shape shape, struct rm_key key, bool *detached)
{
	struct syncmap_header *header = syncmap_read(record->owner);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (entry || !header->amended)
		return entry;
	return shape.str ? syncmap_detach_str(record, key, detached)
	                 : syncmap_detach_u64(record, key, detached);
}

/* take; remove is the same with old == NULL. */
RM_HOT bool syncmap_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct epoch_record *record = thread;
	struct syncmap_box *box = NULL;
	bool detached = false;
	struct syncmap_entry *entry =
	        syncmap_detach(record, shape, key, &detached);

	if (entry)
		box = syncmap_empty(entry);
	if (box && old)
		syncmap_box_read(shape, box, old);
	if (box)
		epoch_retire(record, SYNCMAP_BOX, box, shape.value_bytes);
	if (detached)
		epoch_retire(record, SYNCMAP_ENTRY, entry,
		        sizeof(*entry) + (shape.str ? key.length : 0));
	epoch_settle(record);
	return box != NULL;
}

RM_HOT bool syncmap_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return syncmap_take(thread, shape, key, NULL);
}

/* Retires a map with its entries and boxes. A key's bytes are taken to be 16:
   to look at each would be O(n) under the lock. */
static void syncmap_retire_full(struct epoch_record *record,
        const struct syncmap *map, struct gomap *full)
{
	uint64_t each = sizeof(struct syncmap_entry) + map->shape.value_bytes +
	                (map->shape.str ? 16 : 0);

	epoch_retire(record, SYNCMAP_FULL_MAP, full,
	        syncmap_map_bytes(full) + gomap_count(full) * each);
}

/* Takes everything out: the header is replaced, O(1). A store that holds the
   old header may still end after this; it counts as one before. */
static void syncmap_clear(void *thread)
{
	struct epoch_record *record = thread;
	struct syncmap *map = record->owner;

	pthread_mutex_lock(&map->lock);
	struct gomap *empty = syncmap_gomap(map, 0);

	if (!empty)
		gomap_no_memory();
	struct syncmap_header *old = syncmap_publish(map, empty, false);

	if (map->dirty) { /* holds all but the expunged */
		syncmap_retire_full(record, map, map->dirty);
		epoch_retire(record, SYNCMAP_MAP, old->map,
		        syncmap_map_bytes(old->map));
		syncmap_retire_expunged(record, map);
	} else {
		syncmap_retire_full(record, map, old->map);
	}
	epoch_retire(record, SYNCMAP_BOX, old, sizeof(*old));
	map->dirty = NULL;
	map->misses = 0;
	pthread_mutex_unlock(&map->lock);
	epoch_settle(record);
}

#endif /* RM_SYNCMAP_REMOVE_H */
