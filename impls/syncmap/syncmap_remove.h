/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_remove.h - sync.Map: LoadAndDelete and Clear. Inner part of
   syncmap.h. */
#ifndef RM_SYNCMAP_REMOVE_H
#define RM_SYNCMAP_REMOVE_H

#include "impls/syncmap/syncmap_read.h"

/* Runs between the load of a value and its exchange. The includer may define it
   to run another operation there (impls/technique/take_met.h). */
#ifndef SYNCMAP_BEFORE_EXCHANGE
#define SYNCMAP_BEFORE_EXCHANGE() ((void)0)
#endif

/* Removes the value from an entry and returns it, or nil if there is none. */
RM_HOT uint64_t syncmap_take_cell(struct syncmap_entry *entry)
{
	/* relaxed: the exchange acquires */
	uint64_t cell = atomic_load_explicit(&entry->p, memory_order_relaxed);

	while (syncmap_live(cell)) {
		SYNCMAP_BEFORE_EXCHANGE();
		/* seq_cst: acquires the content of the removed cell. A thread
		   that finds nil sees what was done before the removal
		   (shard_life relies on this). See also syncmap_load().
		   relaxed: tried again */
		if (atomic_compare_exchange_weak_explicit(&entry->p, &cell,
		            SYNCMAP_NIL, memory_order_seq_cst,
		            memory_order_relaxed))
			return cell;
	}
	return SYNCMAP_NIL;
}

/* The slow path. Removes an entry that is only in dirty and sets `detached`,
   because no other thread will change it. Counts a miss in any case. */
RM_HOT struct syncmap_entry *syncmap_detach_locked(
        void *thread, struct rm_shape inner, struct rm_key key, bool *detached)
{
	struct syncmap *map = syncmap_of(thread);

	syncmap_lock(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);

	if (!entry && header->amended) {
		struct rm_value value;

		if (gomap_remove(map->dirty, inner, key, &value))
			entry = (void *)(uintptr_t)value.word[0];
		*detached = entry != NULL;
		syncmap_miss(thread, map);
	}
	syncmap_unlock(&map->lock);
	return entry;
}

GOMAP_CALL struct syncmap_entry *syncmap_detach_u64(
        void *thread, struct rm_key key, bool *detached)
{
	return syncmap_detach_locked(thread, RM_U64X8, key, detached);
}

GOMAP_CALL struct syncmap_entry *syncmap_detach_str(
        void *thread, struct rm_key key, bool *detached)
{
	return syncmap_detach_locked(thread, RM_STR16X8, key, detached);
}

/* Returns the key's entry, or NULL. */
RM_HOT struct syncmap_entry *syncmap_detach(
        void *thread, struct rm_shape shape, struct rm_key key, bool *detached)
{
	struct syncmap_header *header = syncmap_read(thread);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (entry || !header->amended)
		return entry;
	return shape.str ? syncmap_detach_str(thread, key, detached)
	                 : syncmap_detach_u64(thread, key, detached);
}

/* Implements take (Go's LoadAndDelete), and remove (Delete) if `old` is
   NULL. */
RM_HOT bool syncmap_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	bool detached = false;
	struct syncmap_entry *entry =
	        syncmap_detach(thread, shape, key, &detached);
	const uint64_t cell = entry ? syncmap_take_cell(entry) : SYNCMAP_NIL;
	const bool was_there = syncmap_live(cell);

	if (was_there && old)
		syncmap_cell_read(shape, cell, old);
	if (was_there)
		syncmap_retire_cell(thread, shape, cell);
	if (detached)
		syncmap_retire_entry(thread, entry,
		        sizeof(*entry) + (shape.str ? key.length : 0));
	syncmap_settle(thread);
	return was_there;
}

RM_HOT bool syncmap_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return syncmap_take(thread, shape, key, NULL);
}

/* Publishes an empty read map without a dirty. The caller holds the lock. */
static inline void syncmap_reset(void *thread, struct syncmap *map)
{
	struct gomap *empty = syncmap_gomap(map, 0);

	if (!empty)
		gomap_no_memory();
	struct syncmap_header *old = syncmap_publish(map, empty, false);
	/* dirty has all entries except expunged ones */
	const struct syncmap_remains remains = { .header = old,
		.bare = map->dirty ? old->map : NULL,
		.full = map->dirty ? map->dirty : old->map,
		.expunged = map->expunged };

	map->dirty = NULL;
	map->expunged = NULL;
	syncmap_retire_remains(thread, &remains);
}

/* Removes all entries by replacing the header: O(1). Neither changes nor locks
   a map without entries. A store that found the old header may end later; it
   then counts as a store before the clear. */
static inline void syncmap_clear(void *thread)
{
	struct syncmap *map = syncmap_of(thread);
	struct syncmap_header *header = syncmap_read(thread);

	if (!gomap_count(header->map) && !header->amended)
		return;
	syncmap_lock(&map->lock);
	header = syncmap_read_locked(map);
	if (gomap_count(header->map) || header->amended)
		syncmap_reset(thread, map);
	syncmap_set_misses(map, 0);
	syncmap_unlock(&map->lock);
	syncmap_settle(thread);
}

#endif /* RM_SYNCMAP_REMOVE_H */
