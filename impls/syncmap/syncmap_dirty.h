/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_dirty.h - sync.Map: builds dirty and adds to it. The caller always
   holds the lock. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_DIRTY_H
#define RM_SYNCMAP_DIRTY_H

#include "impls/syncmap/syncmap_read.h"

/* Adds an entry to dirty, which does not have its key yet. */
RM_HOT void syncmap_dirty_add(struct syncmap *map, struct rm_shape inner,
        struct rm_key key, struct syncmap_entry *entry)
{
	bool was_there;

	/* These bytes live as long as the entry. */
	key.bytes = entry->bytes;
	_Atomic uint64_t *words =
	        gomap_assign(map->dirty, inner, key, &was_there);

	if (__builtin_expect(!words, 0))
		gomap_no_memory();
	/* relaxed: published with the map */
	atomic_store_explicit(words, (uintptr_t)entry, memory_order_relaxed);
}

static inline void syncmap_expunged_add(
        struct syncmap *map, struct syncmap_entry *entry)
{
	struct syncmap_expunged *list = map->expunged;

	if (!list || list->count == list->capacity) {
		size_t capacity = list ? list->capacity * 2 : 8;

		list = realloc(list,
		        sizeof(*list) + capacity * sizeof(list->entries[0]));
		if (!list)
			gomap_no_memory();
		if (!map->expunged)
			list->count = 0;
		list->capacity = capacity;
		map->expunged = list;
	}
	entry->expunged_at = list->count;
	list->entries[list->count++] = entry;
}

/* Expunges a removed entry, so that a new dirty omits it. Returns false if the
   entry has a value and must go into dirty. */
static inline bool syncmap_expunge(
        struct syncmap *map, struct syncmap_entry *entry)
{
	uint64_t cell = SYNCMAP_NIL;

	/* both relaxed: nil and expunged have no content, and a present cell
	   is not read. If a store comes first, the entry goes into dirty. */
	if (!atomic_compare_exchange_strong_explicit(&entry->p, &cell,
	            SYNCMAP_EXPUNGED, memory_order_relaxed,
	            memory_order_relaxed))
		return false;
	syncmap_expunged_add(map, entry);
	return true;
}

/* Returns the size hint for a new dirty of `count` entries. */
static inline size_t syncmap_dirty_hint(size_t count)
{
	/* Large enough for one more entry at 3/4 of the slots, which is 6
	   entries per bucket; a map grows at 13/2. */
	if (syncmap_rules.promotion == SYNCMAP_PROMOTE_LOADED)
		return (count + 1) * 13 / 12 + 1;
	return count;
}

/* Builds dirty from the read map, in O(n), once between two promotions. */
GOMAP_CALL void syncmap_rebuild(struct syncmap *map, struct rm_shape inner)
{
	struct syncmap_header *header = syncmap_read_locked(map);
	const uint64_t start_ns = RM_EVENT_CLOCK();
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	map->dirty = syncmap_gomap(
	        map, syncmap_dirty_hint(gomap_count(header->map)));
	if (!map->dirty)
		gomap_no_memory();
	gomap_iterate_begin(header->map, &it);
	while (gomap_iterate_next(&it, inner, &key, &value)) {
		struct syncmap_entry *entry = (void *)(uintptr_t)value.word[0];

		if (syncmap_expunge(map, entry))
			continue;
		syncmap_dirty_add(map, inner, key, entry);
		map->kept_entries++;
	}
	gomap_iterate_end(&it);
	map->rebuilds++;
	RM_EVENT_SPAN(RM_EVENT_REBUILD, start_ns, gomap_count(map->dirty));
}

/* True if more than 3/4 of the slots of dirty are used. */
static inline bool syncmap_dirty_is_full(const struct gomap *dirty)
{
	return gomap_count(dirty) > (uint64_t)6
	                                    << gomap_get(dirty->log2_buckets);
}

/* True if the dirty that a new key needs may stay. */
static inline bool syncmap_dirty_may_stay(struct syncmap *map)
{
	return !syncmap_rules.late_dirty ||
	       syncmap_misses(map) > gomap_count(syncmap_read_locked(map)->map);
}

/* Publishes that dirty has keys that the read map lacks. */
static inline void syncmap_amend(void *thread, struct syncmap *map)
{
	const struct syncmap_remains remains = {
		.header = syncmap_publish(
		        map, syncmap_read_locked(map)->map, true)
	};

	syncmap_retire_remains(thread, &remains);
	if (syncmap_rules.late_dirty)
		syncmap_set_misses(map, 0);
}

/* Like syncmap_promote(), but keeps the count of misses. */
static inline void syncmap_promote_early(void *thread, struct syncmap *map)
{
	const size_t misses = syncmap_misses(map);

	syncmap_promote(thread, map);
	syncmap_set_misses(map, misses);
}

/* Called after the store of a new or an expunged key. Promotes dirty if the
   store filled it and the variant's rule requires that. */
RM_HOT void syncmap_promote_loaded(void *thread, struct syncmap *map)
{
	if (syncmap_rules.promotion == SYNCMAP_PROMOTE_LOADED && map->dirty &&
	        syncmap_dirty_is_full(map->dirty))
		syncmap_promote(thread, map);
}

/* Adds a new key, which is the only step that may need a new dirty. */
RM_HOT void syncmap_insert(
        void *thread, struct rm_shape inner, struct rm_key key, uint64_t cell)
{
	struct syncmap *map = syncmap_of(thread);
	bool stays = true;

	if (!syncmap_read_locked(map)->amended) {
		stays = syncmap_dirty_may_stay(map);
		syncmap_rebuild(map, inner);
		if (stays)
			syncmap_amend(thread, map);
	}
	syncmap_dirty_add(map, inner, key, syncmap_entry_new(inner, key, cell));
	if (!stays)
		syncmap_promote_early(thread, map);
}

/* Puts an expunged entry back into dirty before it gets a value. */
RM_HOT void syncmap_revive(struct syncmap *map, struct rm_shape inner,
        struct rm_key key, struct syncmap_entry *entry)
{
	uint64_t cell = SYNCMAP_EXPUNGED;

	/* both relaxed: the following store publishes */
	if (!atomic_compare_exchange_strong_explicit(&entry->p, &cell,
	            SYNCMAP_NIL, memory_order_relaxed, memory_order_relaxed))
		return;
	map->expunged->entries[entry->expunged_at] = NULL;
	RM_STAT_LOCKED(map->revivals, 1);
	syncmap_dirty_add(map, inner, key, entry);
}

/* Returns the key's entry, revived if it was expunged, or NULL for a new key.
   Sets `missed` if the entry was found only in dirty. */
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

#endif /* RM_SYNCMAP_DIRTY_H */
