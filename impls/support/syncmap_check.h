/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_check.h - sync.Map: walks every invariant of syncmap.h. Inner part
   of it. */
#ifndef RM_SYNCMAP_CHECK_H
#define RM_SYNCMAP_CHECK_H

#include "impls/support/gomap_check.h"
#include "impls/support/syncmap_read.h"

/* relaxed: a check runs alone */
static inline struct syncmap_box *syncmap_box_of(
        const struct syncmap_entry *entry)
{
	return atomic_load_explicit(&entry->p, memory_order_relaxed);
}

/* A string key's bytes are its entry's own. */
static inline bool syncmap_owns(const struct syncmap *map, struct rm_key key,
        const struct syncmap_entry *entry)
{
	return !map->shape.str || key.bytes == entry->bytes;
}

static const char *syncmap_check_entry(const struct syncmap *map,
        struct rm_key key, const struct syncmap_entry *entry, bool in_dirty)
{
	const struct rm_shape inner = syncmap_inner(map->shape);
	const struct syncmap_expunged *list = map->expunged;
	const bool expunged = syncmap_box_of(entry) == SYNCMAP_EXPUNGED;

	if (!syncmap_owns(map, key, entry))
		return "a key's bytes are not its entry's";
	if (in_dirty)
		return expunged ? "an expunged entry is in dirty" : NULL;
	if (!expunged && map->dirty &&
	        syncmap_find(map->dirty, inner, key) != entry)
		return "dirty lacks an entry of read";
	if (expunged && !map->dirty)
		return "an entry is expunged, and there is no dirty";
	if (expunged && syncmap_find(map->dirty, inner, key))
		return "dirty has another entry for an expunged one";
	if (expunged && (!list || entry->expunged_at >= list->count ||
	                        list->entries[entry->expunged_at] != entry))
		return "an expunged entry is not in the list";
	return NULL;
}

/* Walks one of the two maps; adds its expunged entries to `expunged`. */
static const char *syncmap_check_map(const struct syncmap *map,
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
		*expunged += syncmap_box_of(entry) == SYNCMAP_EXPUNGED;
	}
	gomap_iterate_end(&it);
	return why;
}

static size_t syncmap_listed(const struct syncmap_expunged *list)
{
	size_t count = 0;

	for (size_t i = 0; list && i < list->count; i++)
		count += list->entries[i] != NULL;
	return count;
}

/* rm_map_ops.check: of a map that nobody else uses. */
static bool syncmap_check(void *opaque, char *why, size_t size)
{
	struct syncmap *map = opaque;
	struct syncmap_header *header = syncmap_read_locked(map);
	const char *broken = NULL;
	size_t expunged = 0;

	if (header->amended != (map->dirty != NULL))
		broken = "amended does not tell whether there is a dirty";
	else if (map->misses >= (map->dirty ? gomap_count(map->dirty) : 1))
		broken = "so many misses should have promoted dirty";
	if (!broken)
		broken = syncmap_check_map(map, header->map, false, &expunged);
	if (!broken && map->dirty)
		broken = syncmap_check_map(map, map->dirty, true, &expunged);
	if (!broken && expunged != syncmap_listed(map->expunged))
		broken = "the list has entries that are not expunged";
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#endif /* RM_SYNCMAP_CHECK_H */
