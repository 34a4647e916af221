/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_range.h - sync.Map: Range, length and statistics. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_RANGE_H
#define RM_SYNCMAP_RANGE_H

#include "impls/syncmap/syncmap_read.h"

/* Returns the header of a read map that has every key. Promotes dirty first if
   it has new keys. */
static inline struct syncmap_header *syncmap_promoted_header(void *thread)
{
	struct syncmap *map = syncmap_of(thread);
	struct syncmap_header *header = syncmap_read(thread);

	if (!header->amended)
		return header;
	syncmap_lock(&map->lock);
	if (syncmap_read_locked(map)->amended)
		syncmap_promote(thread, map);
	header = syncmap_read_locked(map);
	syncmap_unlock(&map->lock);
	return header;
}

/* Finds the next entry with a value. Returns false if none is left. */
static inline bool syncmap_next(void *thread, struct gomap_iterator *it,
        struct rm_shape shape, struct rm_key *key, struct rm_value *value)
{
	struct rm_value entry;

	while (gomap_iterate_next(it, syncmap_inner(shape), key, &entry)) {
		uint64_t cell =
		        syncmap_load(thread, (void *)(uintptr_t)entry.word[0]);

		if (!syncmap_live(cell))
			continue;
		syncmap_cell_read(shape, cell, value);
		return true;
	}
	return false;
}

struct syncmap_pair {
	struct rm_key key;
	struct rm_value value;
};

/* Copies all pairs and visits them while it holds the lock, so `fn` must not
   use the map. Does not promote. */
static inline void syncmap_scan_locked(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct syncmap *map = syncmap_of(thread);
	struct gomap_iterator it;
	size_t count = 0;

	syncmap_lock(&map->lock);
	struct gomap *all =
	        map->dirty ? map->dirty : syncmap_read_locked(map)->map;
	struct syncmap_pair *pairs =
	        syncmap_new((gomap_count(all) + 1) * sizeof(*pairs));

	gomap_iterate_begin(all, &it);
	while (syncmap_next(
	        thread, &it, shape, &pairs[count].key, &pairs[count].value))
		count++;
	gomap_iterate_end(&it);
	for (size_t i = 0; i < count; i++)
		if (!fn(context, pairs[i].key, &pairs[i].value))
			break;
	syncmap_unlock(&map->lock);
	free(pairs);
}

/* Visits each key at most once, without a lock, and reads its value at the time
   of the visit. `fn` may use the map, even with the same handle, but must not
   announce or park. */
static inline void syncmap_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	bool more = true;

	if (syncmap_rules.range_locks) {
		syncmap_scan_locked(thread, shape, fn, context);
		return;
	}
	struct gomap *all = syncmap_promoted_header(thread)->map;

	syncmap_pin(thread); /* writes by `fn` must not free what this reads */
	gomap_iterate_begin(all, &it);
	while (more && syncmap_next(thread, &it, shape, &key, &value))
		more = fn(context, key, &value);
	gomap_iterate_end(&it);
	syncmap_unpin(thread);
}

/* Counts the values under the lock and changes nothing. For checks only, since
   Go's map has no such operation. */
static inline size_t syncmap_length(void *thread)
{
	struct syncmap *map = syncmap_of(thread);
	struct gomap_iterator it;
	struct rm_value entry;
	struct rm_key key;
	size_t count = 0;

	syncmap_lock(&map->lock);
	struct gomap *all =
	        map->dirty ? map->dirty : syncmap_read_locked(map)->map;

	gomap_iterate_begin(all, &it);
	while (gomap_iterate_next(&it, syncmap_inner(map->shape), &key, &entry))
		/* relaxed: does not read the box */
		count += syncmap_live(atomic_load_explicit(
		        &((struct syncmap_entry *)(uintptr_t)entry.word[0])->p,
		        memory_order_relaxed));
	gomap_iterate_end(&it);
	syncmap_unlock(&map->lock);
	return count;
}

/* Emits the statistics of a sync.Map: misses, promotions and rebuilds, sizes of
   both maps, and memory reclamation. */
static inline void syncmap_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct syncmap *map = opaque;

	syncmap_lock(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);

	emit(context, "misses", "1",
	        rm_stat_value(rm_stat_read(&map->all_misses)));
	emit(context, "promotions", "1", (double)map->promotions);
	emit(context, "rebuilds", "1", (double)map->rebuilds);
	emit(context, "rebuild_kept_entries", "1", (double)map->kept_entries);
	emit(context, "revivals", "1", rm_stat_value(map->revivals));
	emit(context, "read_entries", "1", (double)gomap_count(header->map));
	emit(context, "dirty_entries", "1",
	        map->dirty ? (double)gomap_count(map->dirty) : 0);
	emit(context, "amended", "1", header->amended);
	syncmap_unlock(&map->lock);
	syncmap_reclamation_stats(map, emit, context);
}

#endif /* RM_SYNCMAP_RANGE_H */
