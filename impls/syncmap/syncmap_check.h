/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_check.h - sync.Map: counts that describe its state, and a check of
   every invariant. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_CHECK_H
#define RM_SYNCMAP_CHECK_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_dump.h"
#include "impls/syncmap/syncmap_read.h"

/* relaxed: a check runs alone */
static inline uint64_t syncmap_cell_of(const struct syncmap_entry *entry)
{
	return atomic_load_explicit(&entry->p, memory_order_relaxed);
}

/* State that tests compare with that of Go's map, step by step. */
struct syncmap_figures {
	bool amended;
	size_t read_keys, dirty_keys, misses;
	size_t nil, expunged;  /* number of entries in the read map */
	size_t dirty_only_nil; /* number of entries of dirty that are not in
	                          read */
	uint64_t promotions, rebuilds; /* number since creation */
	uint64_t all_misses; /* counted since creation, in the stats build */
};

/* No other thread may use the map. */
static inline struct syncmap_figures syncmap_figures(struct syncmap *map)
{
	const struct rm_shape inner = syncmap_inner(map->shape);
	struct gomap *read = syncmap_read_locked(map)->map;
	struct syncmap_figures state = {
		.amended = syncmap_read_locked(map)->amended,
		.read_keys = gomap_count(read),
		.dirty_keys = map->dirty ? gomap_count(map->dirty) : 0,
		.misses = syncmap_misses(map),
		.promotions = map->promotions,
		.rebuilds = map->rebuilds,
		.all_misses = rm_stat_read(&map->all_misses)
	};
	struct gomap_iterator it;
	struct rm_value entry;
	struct rm_key key;

	for (int dirty = 0; dirty <= (map->dirty != NULL); dirty++) {
		gomap_iterate_begin(dirty ? map->dirty : read, &it);
		while (gomap_iterate_next(&it, inner, &key, &entry)) {
			uint64_t cell = syncmap_cell_of(
			        (void *)(uintptr_t)entry.word[0]);

			state.expunged += !dirty && cell == SYNCMAP_EXPUNGED;
			state.nil += !dirty && cell == SYNCMAP_NIL;
			state.dirty_only_nil += dirty && cell == SYNCMAP_NIL &&
			                        !syncmap_find(read, inner, key);
		}
		gomap_iterate_end(&it);
	}
	return state;
}

/* True if a string key's bytes belong to its entry. */
static inline bool syncmap_owns(const struct syncmap *map, struct rm_key key,
        const struct syncmap_entry *entry)
{
	return !map->shape.str || key.bytes == entry->bytes;
}

static inline const char *syncmap_check_entry(const struct syncmap *map,
        struct rm_key key, const struct syncmap_entry *entry, bool in_dirty)
{
	const struct rm_shape inner = syncmap_inner(map->shape);
	const struct syncmap_expunged *list = map->expunged;
	const bool expunged = syncmap_cell_of(entry) == SYNCMAP_EXPUNGED;

	if (!syncmap_owns(map, key, entry))
		return "a key's bytes do not belong to its entry";
	if (in_dirty)
		return expunged ? "an expunged entry is in dirty" : NULL;
	if (!expunged && map->dirty &&
	        syncmap_find(map->dirty, inner, key) != entry)
		return "dirty lacks an entry of read";
	if (expunged && !map->dirty)
		return "an entry is expunged without a dirty";
	if (expunged && syncmap_find(map->dirty, inner, key))
		return "dirty has another entry for an expunged one";
	if (expunged && (!list || entry->expunged_at >= list->count ||
	                        list->entries[entry->expunged_at] != entry))
		return "an expunged entry is not in the list";
	return NULL;
}

/* Checks one of the two maps. Adds the number of its expunged entries to
   `expunged`. */
static inline const char *syncmap_check_map(const struct syncmap *map,
        struct gomap *inside, bool is_dirty, size_t *expunged)
{
	const char *why = gomap_check(inside);
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	gomap_iterate_begin(inside, &it);
	while (!why && gomap_iterate_next(
	                       &it, syncmap_inner(map->shape), &key, &value)) {
		struct syncmap_entry *entry = (void *)(uintptr_t)value.word[0];

		why = syncmap_check_entry(map, key, entry, is_dirty);
		*expunged += syncmap_cell_of(entry) == SYNCMAP_EXPUNGED;
	}
	gomap_iterate_end(&it);
	return why;
}

static inline size_t syncmap_count_listed(const struct syncmap_expunged *list)
{
	size_t count = 0;

	for (size_t i = 0; list && i < list->count; i++)
		count += list->entries[i] != NULL;
	return count;
}

/* Checks the variant's rule for misses and dirty. No operation may be in
   progress. With late_dirty, a thread with an old header may count one more
   miss. */
static inline const char *syncmap_check_rule(struct syncmap *map)
{
	if (!map->dirty && syncmap_misses(map) && !syncmap_rules.late_dirty)
		return "misses are counted without a dirty";
	if (map->dirty && syncmap_misses(map) && syncmap_is_due(map) &&
	        !syncmap_rules.late_dirty)
		return "the misses should have promoted dirty";
	if (map->dirty && syncmap_rules.promotion == SYNCMAP_PROMOTE_LOADED &&
	        syncmap_dirty_is_full(map->dirty))
		return "a full dirty should have been promoted";
	return NULL;
}

/* Implements rm_map_ops.check. No other thread may use the map. */
static inline bool syncmap_check(void *opaque, char *why, size_t size)
{
	struct syncmap *map = opaque;
	struct syncmap_header *header = syncmap_read_locked(map);
	const char *broken = syncmap_check_rule(map);
	size_t expunged = 0;

	if (header->amended != (map->dirty != NULL))
		broken = "amended contradicts the existence of dirty";
	if (!broken)
		broken = syncmap_check_map(map, header->map, false, &expunged);
	if (!broken && map->dirty)
		broken = syncmap_check_map(map, map->dirty, true, &expunged);
	if (!broken && expunged != syncmap_count_listed(map->expunged))
		broken = "the list has entries that are not expunged";
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

/* Implements rm_map_ops.dump. No other thread may use the map. */
static inline void syncmap_dump(void *opaque, int fd)
{
	struct syncmap *map = opaque;
	const struct syncmap_figures figures = syncmap_figures(map);

	dprintf(fd,
	        "sync.Map: %s, read %zu entries (%zu nil, %zu expunged), dirty "
	        "%zu, misses %zu, promotions %llu, rebuilds %llu\nread: ",
	        figures.amended ? "amended" : "not amended", figures.read_keys,
	        figures.nil, figures.expunged, figures.dirty_keys,
	        figures.misses, (unsigned long long)figures.promotions,
	        (unsigned long long)figures.rebuilds);
	gomap_dump(syncmap_read_locked(map)->map, fd);
	dprintf(fd, "dirty: %s", map->dirty ? "" : "none\n");
	if (map->dirty)
		gomap_dump(map->dirty, fd);
}

#endif /* RM_SYNCMAP_CHECK_H */
