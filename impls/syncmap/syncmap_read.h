/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_read.h - sync.Map: creation, destruction, lookups, misses and
   promotion. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_READ_H
#define RM_SYNCMAP_READ_H

#include "impls/syncmap/syncmap_layout.h"

#include SYNCMAP_RECLAMATION

/* Frees the map and all its contents. */
static inline void syncmap_destroy(void *opaque)
{
	struct syncmap *map = opaque;
	/* relaxed: no other thread is left */
	struct syncmap_header *header =
	        atomic_load_explicit(&map->read, memory_order_relaxed);

	if (map->reclamation)
		syncmap_reclamation_destroy(map);
	if (header && map->dirty) { /* dirty has all entries that are not
	                               expunged */
		syncmap_full_map_free(map->dirty);
		gomap_destroy(header->map);
	} else if (header) {
		syncmap_full_map_free(header->map);
	}
	syncmap_list_free(map->expunged);
	free(header);
	syncmap_lock_destroy(&map->lock);
	free(map);
}

/* Like Go's map, ignores sizing->keys and ->presize. Returns NULL if memory
   runs out. */
static inline void *syncmap_create(const struct rm_sizing *sizing)
{
	syncmap_reclamation_start();
	struct syncmap *map = aligned_alloc(SYNCMAP_PAD, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct syncmap){ .shape = sizing->shape, .seed = sizing->seed };
	syncmap_lock_create(&map->lock);
	map->reclamation = syncmap_reclamation_create(map, sizing);
	struct syncmap_header *header = calloc(1, sizeof(*header));

	atomic_init(&map->read, header);
	if (header)
		header->map = syncmap_gomap(map, 0);
	if (map->reclamation && header && header->map)
		return map;
	syncmap_destroy(map);
	return NULL;
}

/* Returns the header. The caller holds the lock, so no other thread replaces
   it. */
RM_HOT struct syncmap_header *syncmap_read_locked(struct syncmap *map)
{
	/* relaxed: written only under the lock */
	return atomic_load_explicit(&map->read, memory_order_relaxed);
}

/* Replaces the header and returns the old one, which the caller retires. The
   caller holds the lock. */
static inline struct syncmap_header *syncmap_publish(
        struct syncmap *map, struct gomap *inside, bool amended)
{
	struct syncmap_header *header = syncmap_new(sizeof(*header));
	struct syncmap_header *old = syncmap_read_locked(map);

	*header = (struct syncmap_header){ .map = inside, .amended = amended };
	/* seq_cst: the maps' content; pairs with syncmap_read(). For an entry
	   that older headers lack, see also syncmap_load(). */
	atomic_store_explicit(&map->read, header, memory_order_seq_cst);
	return old;
}

/* both relaxed: written under the lock, or only a threshold */
RM_HOT size_t syncmap_misses(struct syncmap *map)
{
	return atomic_load_explicit(&map->misses, memory_order_relaxed);
}

RM_HOT void syncmap_set_misses(struct syncmap *map, size_t misses)
{
	atomic_store_explicit(&map->misses, misses, memory_order_relaxed);
}

/* Retires the box of a live cell that this thread removed from its entry. */
RM_HOT void syncmap_retire_cell(
        void *thread, struct rm_shape shape, uint64_t cell)
{
	if (SYNCMAP_BOXED)
		syncmap_retire_box(
		        thread, syncmap_box(cell), shape.value_bytes);
}

/* Makes dirty the read map, in O(1). The caller holds the lock. */
static __attribute__((noinline)) void syncmap_promote(
        void *thread, struct syncmap *map)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();
	struct syncmap_header *old = syncmap_publish(map, map->dirty, false);
	const struct syncmap_remains remains = {
		.header = old, .bare = old->map, .expunged = map->expunged
	};

	map->dirty = NULL;
	map->expunged = NULL;
	syncmap_set_misses(map, 0);
	map->promotions++;
	syncmap_retire_remains(thread, &remains);
	RM_EVENT_SPAN(RM_EVENT_PROMOTE, start_ns,
	        gomap_count(syncmap_read_locked(map)->map));
}

/* True if there are enough misses to promote dirty. */
RM_HOT bool syncmap_is_due(struct syncmap *map)
{
	const size_t misses = syncmap_misses(map);

	switch (syncmap_rules.promotion) {
	case SYNCMAP_PROMOTE_OVER:
		return misses > gomap_count(map->dirty);
	case SYNCMAP_PROMOTE_FIRST:
		return misses > 0;
	case SYNCMAP_PROMOTE_LOADED:
		return false;
	default:
		return misses >= gomap_count(map->dirty);
	}
}

/* Counts an operation that had to search dirty. If `shared`, other threads may
   count at the same time. */
RM_HOT void syncmap_count_miss(struct syncmap *map, bool shared)
{
	if (!shared) {
		syncmap_set_misses(map, syncmap_misses(map) + 1);
		RM_STAT_OWN(map->all_misses, 1);
		return;
	}
	/* relaxed: a threshold orders nothing */
	atomic_fetch_add_explicit(&map->misses, 1, memory_order_relaxed);
	RM_STAT_ADD(map->all_misses, 1);
}

/* Counts a miss and promotes dirty if that is due. The caller holds the
   lock. */
static inline void syncmap_miss(void *thread, struct syncmap *map)
{
	syncmap_count_miss(map, false);
	if (syncmap_is_due(map))
		syncmap_promote(thread, map);
}

/* Promotes dirty after a miss under the shared lock. Takes the exclusive lock
   and checks again. */
GOMAP_RARE void syncmap_promote_after(void *thread, struct syncmap *map)
{
	syncmap_lock(&map->lock);
	if (map->dirty && syncmap_is_due(map))
		syncmap_promote(thread, map);
	syncmap_unlock(&map->lock);
}

/* Called if a key was not in the read map and the header was amended. Searches
   the read map again, under the lock, and then dirty. A key in neither map is a
   miss, too. Reads the cell under the lock, since an entry that is only in
   dirty may be freed afterwards. */
RM_HOT uint64_t syncmap_find_locked(
        void *thread, struct rm_shape inner, struct rm_key key)
{
	struct syncmap *map = syncmap_of(thread);
	uint64_t cell = SYNCMAP_NIL;
	bool due = false;

	syncmap_lock_shared(&map->lock);
	struct syncmap_header *header = syncmap_read_locked(map);
	struct syncmap_entry *entry = syncmap_find(header->map, inner, key);

	if (!entry && header->amended) {
		entry = syncmap_find(map->dirty, inner, key);
		syncmap_count_miss(map, SYNCMAP_SHARED_MISS);
		due = syncmap_is_due(map);
	}
	if (entry)
		cell = syncmap_load(thread, entry);
	if (due && !SYNCMAP_SHARED_MISS)
		syncmap_promote(thread, map);
	syncmap_unlock_shared(&map->lock);
	if (due && SYNCMAP_SHARED_MISS)
		syncmap_promote_after(thread, map);
	return cell;
}

/* One out-of-line copy of this code for each kind of key keeps the loop
   small. */
GOMAP_CALL uint64_t syncmap_find_u64(void *thread, struct rm_key key)
{
	return syncmap_find_locked(thread, RM_U64X8, key);
}

GOMAP_CALL uint64_t syncmap_find_str(void *thread, struct rm_key key)
{
	return syncmap_find_locked(thread, RM_STR16X8, key);
}

/* Only an amended map has keys that its read map lacks. Otherwise a key that is
   not in read is absent, and no lock is needed. */
RM_HOT bool syncmap_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct syncmap_header *header = syncmap_read(thread);
	struct syncmap_entry *entry =
	        syncmap_find(header->map, syncmap_inner(shape), key);
	uint64_t cell;

	if (__builtin_expect(entry != NULL, 1)) {
		cell = syncmap_load(thread, entry);
	} else if (!header->amended) {
		if (syncmap_rules.late_dirty)
			syncmap_count_miss(syncmap_of(thread), true);
		return false;
	} else {
		cell = shape.str ? syncmap_find_str(thread, key)
		                 : syncmap_find_u64(thread, key);
	}
	if (!syncmap_live(cell))
		return false;
	syncmap_cell_read(shape, cell, value);
	return true;
}

#endif /* RM_SYNCMAP_READ_H */
