/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_read.h - sync.Map: lookup, miss and promotion. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_READ_H
#define RM_SYNCMAP_READ_H

#include "impls/support/syncmap_layout.h"

/* The header as an operation without the lock sees it. */
RM_HOT struct syncmap_header *syncmap_read(struct syncmap *map)
{
	/* acquire: pairs with syncmap_publish() */
	return atomic_load_explicit(&map->read, memory_order_acquire);
}

/* Replaces the header. The caller holds the lock and retires the old one. */
static struct syncmap_header *syncmap_publish(
        struct syncmap *map, struct gomap *inside, bool amended)
{
	struct syncmap_header *header = syncmap_new(sizeof(*header));
	/* relaxed: written under the lock only */
	struct syncmap_header *old =
	        atomic_load_explicit(&map->read, memory_order_relaxed);

	*header = (struct syncmap_header){ inside, amended };
	/* release: the maps' content; pairs with syncmap_read() */
	atomic_store_explicit(&map->read, header, memory_order_release);
	return old;
}

/* Retires the list of entries that only the read map before had. */
static void syncmap_retire_expunged(
        struct epoch_record *record, struct syncmap *map)
{
	struct syncmap_expunged *list = map->expunged;

	map->expunged = NULL;
	if (list)
		epoch_retire(record, SYNCMAP_LIST, list,
		        list->count * (sizeof(struct syncmap_entry) + 8));
}

/* Makes dirty the read map: O(1), whatever it holds. Under the lock. */
static __attribute__((noinline)) void syncmap_promote(
        struct epoch_record *record, struct syncmap *map)
{
	struct syncmap_header *old = syncmap_publish(map, map->dirty, false);

	map->dirty = NULL;
	map->misses = 0;
	map->promotions++;
	epoch_retire(
	        record, SYNCMAP_MAP, old->map, syncmap_map_bytes(old->map));
	epoch_retire(record, SYNCMAP_BOX, old, sizeof(*old));
	syncmap_retire_expunged(record, map);
}

/* Counts an operation that had to look into dirty. Under the lock. */
static inline void syncmap_miss(
        struct epoch_record *record, struct syncmap *map)
{
	map->misses++;
	RM_STAT_LOCKED(map->all_misses, 1);
	if (map->misses >= gomap_count(map->dirty))
		syncmap_promote(record, map);
}

/* The header under the lock: no other thread replaces it. */
RM_HOT struct syncmap_header *syncmap_read_locked(struct syncmap *map)
{
	/* relaxed: written under the lock only */
	return atomic_load_explicit(&map->read, memory_order_relaxed);
}

/* Not in the read map that the caller saw, which was amended: looks again,
   under the lock, and in dirty. A key that is nowhere is a miss, too. */
RM_HOT struct syncmap_entry *syncmap_find_locked(
        struct epoch_record *record, struct rm_shape inner, struct rm_key key)
{
	struct syncmap *map = record->owner;

	pthread_mutex_lock(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);

	if (!entry && header->amended) {
		entry = syncmap_find(map->dirty, inner, key);
		syncmap_miss(record, map);
	}
	pthread_mutex_unlock(&map->lock);
	return entry;
}

/* One copy for each kind of key, out of line: the loop stays small. */
GOMAP_CALL struct syncmap_entry *syncmap_find_u64(
        struct epoch_record *record, struct rm_key key)
{
	return syncmap_find_locked(record, RM_U64X8, key);
}

GOMAP_CALL struct syncmap_entry *syncmap_find_str(
        struct epoch_record *record, struct rm_key key)
{
	return syncmap_find_locked(record, RM_STR16X8, key);
}

RM_HOT struct syncmap_entry *syncmap_find_slow(
        struct epoch_record *record, struct rm_shape shape, struct rm_key key)
{
	return shape.str ? syncmap_find_str(record, key)
	                 : syncmap_find_u64(record, key);
}

/* Is there a value? NULL and expunged both say no. */
RM_HOT bool syncmap_live(const struct syncmap_box *box)
{
	return (uintptr_t)box > (uintptr_t)SYNCMAP_EXPUNGED;
}

RM_HOT bool syncmap_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct epoch_record *record = thread;
	struct syncmap_header *header = syncmap_read(record->owner);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (__builtin_expect(!entry, 0)) {
		if (!header->amended)
			return false;
		entry = syncmap_find_slow(record, shape, key);
		if (!entry)
			return false;
	}
	/* acquire: the box's content; pairs with the stores' release */
	struct syncmap_box *box =
	        atomic_load_explicit(&entry->p, memory_order_acquire);

	if (!syncmap_live(box))
		return false;
	syncmap_box_read(shape, box, value);
	return true;
}

#endif /* RM_SYNCMAP_READ_H */
