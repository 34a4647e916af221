/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_write.h - sync.Map: store, swap and their kin. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_WRITE_H
#define RM_SYNCMAP_WRITE_H

#include "impls/support/syncmap_read.h"

/* Adds an entry to dirty, where its key is not. Under the lock. */
RM_HOT void syncmap_dirty_add(struct syncmap *map, struct rm_shape inner,
        struct rm_key key, struct syncmap_entry *entry)
{
	bool was_there;

	key.bytes = entry->bytes; /* the map borrows the entry's copy */
	_Atomic uint64_t *words =
	        gomap_assign(map->dirty, inner, key, &was_there);

	if (__builtin_expect(!words, 0))
		gomap_no_memory();
	/* relaxed: published with the map */
	atomic_store_explicit(words, (uintptr_t)entry, memory_order_relaxed);
}

static void syncmap_expunged_add(
        struct syncmap *map, struct syncmap_entry *entry)
{
	struct syncmap_expunged *list = map->expunged;

	if (!list || list->count == list->room) {
		size_t room = list ? list->room * 2 : 8;

		list = realloc(
		        list, sizeof(*list) + room * sizeof(list->entries[0]));
		if (!list)
			gomap_no_memory();
		if (!map->expunged)
			list->count = 0;
		list->room = room;
		map->expunged = list;
	}
	entry->expunged_at = list->count;
	list->entries[list->count++] = entry;
}

/* Makes a removed entry one that a new dirty leaves out. False: it has a
   value, and goes into dirty. Under the lock. */
static bool syncmap_expunge(struct syncmap *map, struct syncmap_entry *entry)
{
	struct syncmap_box *box = NULL;

	/* relaxed, both: no content comes with NULL or expunged, and a box
	   that is there is not read. A store that wins goes into dirty. */
	if (!atomic_compare_exchange_strong_explicit(&entry->p, &box,
	            SYNCMAP_EXPUNGED, memory_order_relaxed,
	            memory_order_relaxed))
		return false;
	syncmap_expunged_add(map, entry);
	return true;
}

/* Builds dirty from the read map: O(n), once per cycle, under the lock. */
GOMAP_CALL void syncmap_rebuild(struct syncmap *map, struct rm_shape inner)
{
	struct syncmap_header *header = syncmap_read_locked(map);
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	map->dirty = syncmap_gomap(map, gomap_count(header->map));
	if (!map->dirty)
		gomap_no_memory();
	gomap_iterate_begin(header->map, &it);
	while (gomap_iterate_next(&it, inner, &key, &value)) {
		struct syncmap_entry *entry = (void *)(uintptr_t)value.word[0];

		if (syncmap_expunge(map, entry))
			continue;
		syncmap_dirty_add(map, inner, key, entry);
		map->rebuilt_entries++;
	}
	gomap_iterate_end(&it);
	map->rebuilds++;
}

/* Adds a new key: the only step that may need a new dirty. Under the lock. */
RM_HOT void syncmap_insert(struct epoch_record *record, struct rm_shape inner,
        struct rm_key key, struct syncmap_box *box)
{
	struct syncmap *map = record->owner;
	struct syncmap_header *header = syncmap_read_locked(map);

	if (!header->amended) {
		syncmap_rebuild(map, inner);
		epoch_retire(record, SYNCMAP_BOX,
		        syncmap_publish(map, header->map, true),
		        sizeof(*header));
	}
	syncmap_dirty_add(map, inner, key, syncmap_entry_new(inner, key, box));
}

/* An expunged entry is about to get a value: back into dirty, first. Under the
   lock. */
RM_HOT void syncmap_revive(struct syncmap *map, struct rm_shape inner,
        struct rm_key key, struct syncmap_entry *entry)
{
	struct syncmap_box *box = SYNCMAP_EXPUNGED;

	/* relaxed, both: who stores next publishes */
	if (!atomic_compare_exchange_strong_explicit(&entry->p, &box, NULL,
	            memory_order_relaxed, memory_order_relaxed))
		return;
	map->expunged->entries[entry->expunged_at] = NULL;
	RM_STAT_LOCKED(map->revivals, 1);
	syncmap_dirty_add(map, inner, key, entry);
}

/* The key's entry, revived if it was expunged; NULL: a new key. `missed`:
   found in dirty only. Under the lock. */
RM_HOT struct syncmap_entry *syncmap_entry_locked(struct syncmap *map,
        struct rm_shape inner, struct rm_key key, bool *missed)
{
	struct syncmap_entry *entry =
	        syncmap_find(syncmap_read_locked(map)->map, inner, key);

	*missed = false;
	if (entry) {
		syncmap_revive(map, inner, key, entry);
		return entry;
	}
	if (map->dirty)
		entry = syncmap_find(map->dirty, inner, key);
	*missed = entry != NULL;
	return entry;
}

/* The slow path of a store. Returns the box that was replaced, or NULL. Never
   counts a miss. */
RM_HOT struct syncmap_box *syncmap_swap_locked(struct epoch_record *record,
        struct rm_shape inner, struct rm_key key, struct syncmap_box *box)
{
	struct syncmap *map = record->owner;
	struct syncmap_box *old = NULL;
	bool missed;

	pthread_mutex_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_entry_locked(map, inner, key, &missed);

	if (entry)
		/* acq_rel: publishes the box, sees the old one's content */
		old = atomic_exchange_explicit(
		        &entry->p, box, memory_order_acq_rel);
	else
		syncmap_insert(record, inner, key, box);
	pthread_mutex_unlock(&map->lock);
	return old;
}

GOMAP_CALL struct syncmap_box *syncmap_swap_u64(
        struct epoch_record *record, struct rm_key key, struct syncmap_box *box)
{
	return syncmap_swap_locked(record, RM_U64X8, key, box);
}

GOMAP_CALL struct syncmap_box *syncmap_swap_str(
        struct epoch_record *record, struct rm_key key, struct syncmap_box *box)
{
	return syncmap_swap_locked(record, RM_STR16X8, key, box);
}

/* Puts the box into the key's entry. Returns the one that was there, or NULL:
   the key was absent. The fast path takes no lock. */
RM_HOT struct syncmap_box *syncmap_swap(struct epoch_record *record,
        struct rm_shape shape, struct rm_key key, struct syncmap_box *box)
{
	struct syncmap_header *header = syncmap_read(record->owner);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (entry) {
		/* relaxed: the exchange acquires */
		struct syncmap_box *old =
		        atomic_load_explicit(&entry->p, memory_order_relaxed);

		while (old != SYNCMAP_EXPUNGED) {
			/* acq_rel: publishes the box, sees the old one's
			   content; relaxed: try again */
			if (atomic_compare_exchange_weak_explicit(&entry->p,
			            &old, box, memory_order_acq_rel,
			            memory_order_relaxed))
				return old;
			RM_STAT_OWN(record->retries, 1);
		}
	}
	return shape.str ? syncmap_swap_str(record, key, box)
	                 : syncmap_swap_u64(record, key, box);
}

/* exchange; upsert is the same with old == NULL. */
RM_HOT bool syncmap_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct epoch_record *record = thread;
	struct syncmap_box *was =
	        syncmap_swap(record, shape, key, syncmap_box_new(shape, value));

	if (was && old)
		syncmap_box_read(shape, was, old);
	if (was)
		epoch_retire(record, SYNCMAP_BOX, was, shape.value_bytes);
	epoch_settle(record);
	return was != NULL;
}

RM_HOT bool syncmap_upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return syncmap_exchange(thread, shape, key, value, NULL);
}

#endif /* RM_SYNCMAP_WRITE_H */
