/* SPDX-License-Identifier: Apache-2.0 */
/* families_sync.h - keys of three modules in Go's sync.Map, like syncmap, each
   map with its own reclamation. One of the choices for FAMILIES_STORE, see
   families.h. */
#ifndef RM_TECHNIQUE_FAMILIES_SYNC_H
#define RM_TECHNIQUE_FAMILIES_SYNC_H

#include "impls/gomap/gomap_dump.h"
#include "impls/syncmap/syncmap.h"

struct family_map {
	struct syncmap *map;
};

static bool family_create(
        struct family_map *one, const struct rm_sizing *sizing)
{
	one->map = syncmap_create(sizing);
	return one->map != NULL;
}

static void family_destroy(struct family_map *one)
{
	if (one->map)
		syncmap_destroy(one->map);
}

static void *family_join(struct family_map *one, size_t slot)
{
	return syncmap_join(one->map, slot);
}

static void family_leave(void *handle)
{
	syncmap_leave(handle);
}

RM_HOT void family_quiesce(void *handle)
{
	syncmap_quiesce(handle);
}

static void family_park(void *handle)
{
	syncmap_park(handle);
}

static void family_unpark(void *handle)
{
	syncmap_unpark(handle);
}

RM_HOT bool family_lookup(
        void *handle, struct rm_key key, struct rm_value *value)
{
	return syncmap_lookup(handle, RM_STR16X8, key, value);
}

RM_HOT bool family_upsert(
        void *handle, struct rm_key key, const struct rm_value *value)
{
	return syncmap_upsert(handle, RM_STR16X8, key, value);
}

RM_HOT bool family_remove(void *handle, struct rm_key key)
{
	return syncmap_remove(handle, RM_STR16X8, key);
}

static void family_stats(
        struct family_map *one, rm_stat_fn *emit, void *context)
{
	syncmap_stats(one->map, emit, context);
}

/* Counts in the map that has all keys, which is dirty if there is one. */
static void family_census(struct family_map *one, struct gomap_census *census)
{
	syncmap_lock(&one->map->lock);
	gomap_census(census, one->map->dirty
	                             ? one->map->dirty
	                             : syncmap_read_locked(one->map)->map);
	syncmap_unlock(&one->map->lock);
}

/* Counts entries with a value. No other thread may use the map. */
static uint64_t family_count(struct family_map *one)
{
	void *handle = syncmap_join(one->map, 0);
	const uint64_t count = handle ? syncmap_length(handle) : 0;

	if (handle)
		syncmap_leave(handle);
	return count;
}

#endif /* RM_TECHNIQUE_FAMILIES_SYNC_H */
