/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_write.h - sync.Map: store and swap. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_WRITE_H
#define RM_SYNCMAP_WRITE_H

#include "impls/syncmap/syncmap_dirty.h"

/* The slow path of a store. Returns the replaced cell, if that is live. Never
   counts a miss. */
RM_HOT uint64_t syncmap_swap_locked(
        void *thread, struct rm_shape inner, struct rm_key key, uint64_t cell)
{
	struct syncmap *map = syncmap_of(thread);
	uint64_t old = SYNCMAP_NIL;
	bool missed;

	syncmap_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_entry_locked(map, inner, key, &missed);

	if (entry)
		/* seq_cst: publishes the box and acquires the old box; see
		   syncmap_load() */
		old = atomic_exchange_explicit(
		        &entry->p, cell, memory_order_seq_cst);
	else
		syncmap_insert(thread, inner, key, cell);
	syncmap_promote_loaded(thread, map);
	syncmap_unlock(&map->lock);
	return old;
}

GOMAP_CALL uint64_t syncmap_swap_u64(
        void *thread, struct rm_key key, uint64_t cell)
{
	return syncmap_swap_locked(thread, RM_U64X8, key, cell);
}

GOMAP_CALL uint64_t syncmap_swap_str(
        void *thread, struct rm_key key, uint64_t cell)
{
	return syncmap_swap_locked(thread, RM_STR16X8, key, cell);
}

/* Stores the cell in the key's entry. Returns the old cell, which is live if
   the key was present. The fast path takes no lock. */
RM_HOT uint64_t syncmap_swap(
        void *thread, struct rm_shape shape, struct rm_key key, uint64_t cell)
{
	struct syncmap_header *header = syncmap_read(thread);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (entry) {
		/* relaxed: the exchange acquires */
		uint64_t old =
		        atomic_load_explicit(&entry->p, memory_order_relaxed);

		while (old != SYNCMAP_EXPUNGED) {
			/* seq_cst: publishes the box and acquires the old box;
			   see syncmap_load(). relaxed: tried again */
			if (atomic_compare_exchange_weak_explicit(&entry->p,
			            &old, cell, memory_order_seq_cst,
			            memory_order_relaxed))
				return old;
			syncmap_count_retry(thread);
		}
	}
	return shape.str ? syncmap_swap_str(thread, key, cell)
	                 : syncmap_swap_u64(thread, key, cell);
}

/* Implements exchange (Go's Swap), and upsert (Store) if `old` is NULL. */
RM_HOT bool syncmap_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	const uint64_t replaced = syncmap_swap(
	        thread, shape, key, syncmap_cell_new(shape, value));
	const bool was_there = syncmap_live(replaced);

	if (was_there && old)
		syncmap_cell_read(shape, replaced, old);
	if (was_there)
		syncmap_retire_cell(thread, shape, replaced);
	syncmap_settle(thread);
	return was_there;
}

RM_HOT bool syncmap_upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return syncmap_exchange(thread, shape, key, value, NULL);
}

#endif /* RM_SYNCMAP_WRITE_H */
