/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_range.h - sync.Map: Range, and what counts and tells. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_RANGE_H
#define RM_SYNCMAP_RANGE_H

#include "impls/support/syncmap_read.h"

/* A read map that holds every key: promotes at once if there are new ones. */
static struct syncmap_header *syncmap_read_all(struct epoch_record *record)
{
	struct syncmap *map = record->owner;
	struct syncmap_header *header = syncmap_read(map);

	if (!header->amended)
		return header;
	pthread_mutex_lock(&map->lock);
	if (syncmap_read_locked(map)->amended)
		syncmap_promote(record, map);
	header = syncmap_read_locked(map);
	pthread_mutex_unlock(&map->lock);
	return header;
}

/*
 * Visits each key at most once, without a lock; a value is read when its turn
 * comes. `fn` may use the map, with the same handle, too; it must not announce
 * or park.
 */
static void syncmap_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	const struct rm_shape inner = syncmap_inner(shape);
	struct epoch_record *record = thread;
	struct gomap *all = syncmap_read_all(record)->map;
	struct gomap_iterator it;
	struct rm_value entry, value;
	struct rm_key key;
	bool more = true;

	record->pinned++; /* a write of `fn` must not wait, and so park us */
	gomap_iterate_begin(all, &it);
	while (more && gomap_iterate_next(&it, inner, &key, &entry)) {
		/* acquire: the content; pairs with the stores' release */
		struct syncmap_box *box = atomic_load_explicit(
		        &((struct syncmap_entry *)(uintptr_t)entry.word[0])->p,
		        memory_order_acquire);

		if (!syncmap_live(box))
			continue;
		syncmap_box_read(shape, box, &value);
		more = fn(context, key, &value);
	}
	gomap_iterate_end(&it);
	record->pinned--;
	epoch_settle(record);
}

/* Counts the values under the lock, changes nothing. Go's map offers no such
   operation; it is for checks. */
static size_t syncmap_length(void *thread)
{
	struct epoch_record *record = thread;
	struct syncmap *map = record->owner;
	struct gomap_iterator it;
	struct rm_value entry;
	struct rm_key key;
	size_t count = 0;

	pthread_mutex_lock(&map->lock);
	struct gomap *all = map->dirty;

	if (!all)
		all = syncmap_read_locked(map)->map;
	gomap_iterate_begin(all, &it);
	while (gomap_iterate_next(&it, syncmap_inner(map->shape), &key, &entry))
		/* relaxed: only whether, not what */
		count += syncmap_live(atomic_load_explicit(
		        &((struct syncmap_entry *)(uintptr_t)entry.word[0])->p,
		        memory_order_relaxed));
	gomap_iterate_end(&it);
	pthread_mutex_unlock(&map->lock);
	return count;
}

/* The health of a sync.Map: misses, promotions and rebuilds that follow, and
   how big the two maps are; then the reclamation. */
static void syncmap_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct syncmap *map = opaque;

	pthread_mutex_lock(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);

	emit(context, "misses", "1", rm_stat_value(map->all_misses));
	emit(context, "promotions", "1", (double)map->promotions);
	emit(context, "rebuilds", "1", (double)map->rebuilds);
	emit(context, "rebuilt_entries", "1", (double)map->rebuilt_entries);
	emit(context, "revivals", "1", rm_stat_value(map->revivals));
	emit(context, "read_entries", "1", (double)gomap_count(header->map));
	emit(context, "dirty_entries", "1",
	        map->dirty ? (double)gomap_count(map->dirty) : 0);
	emit(context, "amended", "1", header->amended);
	pthread_mutex_unlock(&map->lock);
	epoch_stats(map->epoch, emit, context);
}

#endif /* RM_SYNCMAP_RANGE_H */
