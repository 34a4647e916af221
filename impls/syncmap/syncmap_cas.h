/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_cas.h - sync.Map: LoadOrStore, CompareAndSwap, CompareAndDelete.
   Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_CAS_H
#define RM_SYNCMAP_CAS_H

#include "impls/syncmap/syncmap_dirty.h"

/* Puts the cell into an entry without a value. Returns nil if it has done so,
   the entry's cell if that is live, or expunged if the caller needs the
   lock. */
RM_HOT uint64_t syncmap_fill_entry(
        void *thread, struct syncmap_entry *entry, uint64_t cell)
{
	for (;;) {
		uint64_t current = syncmap_load(thread, entry);

		if (current != SYNCMAP_NIL)
			return current;
		/* seq_cst: publishes the box, see syncmap_load(); relaxed:
		   loaded again */
		if (atomic_compare_exchange_strong_explicit(&entry->p, &current,
		            cell, memory_order_seq_cst, memory_order_relaxed))
			return SYNCMAP_NIL;
	}
}

/* The slow path. Returns the present cell, or nil if it stored `cell`. A key
   that is found only in dirty is a miss. */
static inline uint64_t syncmap_fill_locked(
        void *thread, struct rm_shape inner, struct rm_key key, uint64_t cell)
{
	struct syncmap *map = syncmap_of(thread);
	uint64_t current = SYNCMAP_NIL;
	bool missed;

	syncmap_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_entry_locked(map, inner, key, &missed);

	if (entry)
		current = syncmap_fill_entry(thread, entry, cell);
	else
		syncmap_insert(thread, inner, key, cell);
	syncmap_promote_loaded(thread, map);
	if (missed)
		syncmap_miss(thread, map);
	syncmap_unlock(&map->lock);
	return current;
}

static inline bool syncmap_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	const struct rm_shape inner = syncmap_inner(shape);
	const uint64_t cell = syncmap_cell_new(shape, value);
	struct syncmap_header *header = syncmap_read(thread);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);
	uint64_t current = SYNCMAP_EXPUNGED;

	if (entry)
		current = syncmap_fill_entry(thread, entry, cell);
	if (current == SYNCMAP_EXPUNGED)
		current = syncmap_fill_locked(thread, inner, key, cell);
	if (syncmap_live(current)) {
		syncmap_cell_read(shape, current, present);
		syncmap_cell_free(cell); /* never published */
	}
	syncmap_settle(thread);
	return syncmap_live(current);
}

/* Replaces the expected value with `cell`, which may be nil. Returns the
   replaced cell, or nil. */
static inline uint64_t syncmap_replace(void *thread, struct rm_shape shape,
        struct syncmap_entry *entry, const struct rm_value *expected,
        uint64_t cell)
{
	for (;;) {
		uint64_t current = syncmap_load(thread, entry);

		if (!syncmap_live(current) ||
		        !syncmap_cell_is(shape, current, expected))
			return SYNCMAP_NIL;
		/* seq_cst: publishes the box, see syncmap_load(); relaxed:
		   loaded again */
		if (atomic_compare_exchange_strong_explicit(&entry->p, &current,
		            cell, memory_order_seq_cst, memory_order_relaxed))
			return current;
	}
}

/* The slow path. The set of keys does not change. No entry is revived, and a
   key that CompareAndDelete finds in dirty stays there without a value. Only
   for CompareAndDelete is an absent key also a miss. */
static inline uint64_t syncmap_replace_locked(void *thread,
        struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, uint64_t cell)
{
	const struct rm_shape inner = syncmap_inner(shape);
	const bool removes = cell == SYNCMAP_NIL;
	struct syncmap *map = syncmap_of(thread);
	uint64_t old = SYNCMAP_NIL;

	syncmap_lock(&map->lock);
	struct syncmap_entry *entry =
	        syncmap_find(syncmap_read_locked(map)->map, inner, key);
	const bool missed = !entry && map->dirty;

	if (missed)
		entry = syncmap_find(map->dirty, inner, key);
	if (entry)
		old = syncmap_replace(thread, shape, entry, expected, cell);
	if (missed && (entry || removes))
		syncmap_miss(thread, map);
	syncmap_unlock(&map->lock);
	return old;
}

/* Returns the replaced cell, or nil. */
static inline uint64_t syncmap_replace_key(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected, uint64_t cell)
{
	struct syncmap_header *header = syncmap_read(thread);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);

	if (entry)
		return syncmap_replace(thread, shape, entry, expected, cell);
	if (!header->amended)
		return SYNCMAP_NIL;
	return syncmap_replace_locked(thread, shape, key, expected, cell);
}

static inline bool syncmap_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	const uint64_t cell = syncmap_cell_new(shape, value);
	const uint64_t old =
	        syncmap_replace_key(thread, shape, key, expected, cell);

	if (syncmap_live(old))
		syncmap_retire_cell(thread, shape, old);
	else
		syncmap_cell_free(cell); /* never published */
	syncmap_settle(thread);
	return syncmap_live(old);
}

static inline bool syncmap_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	const uint64_t old =
	        syncmap_replace_key(thread, shape, key, expected, SYNCMAP_NIL);

	if (syncmap_live(old))
		syncmap_retire_cell(thread, shape, old);
	syncmap_settle(thread);
	return syncmap_live(old);
}

#endif /* RM_SYNCMAP_CAS_H */
