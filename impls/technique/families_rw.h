/* SPDX-License-Identifier: Apache-2.0 */
/* families_rw.h - keys of three modules in Go maps, each under its own RWMutex,
   like gomap_rw. One of the choices for FAMILIES_STORE, see families.h. */
#ifndef RM_TECHNIQUE_FAMILIES_RW_H
#define RM_TECHNIQUE_FAMILIES_RW_H

#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/guard_go_rw.h"

struct family_map {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *map; /* protected by guard */
};

static bool family_create(
        struct family_map *one, const struct rm_sizing *sizing)
{
	one->map = gomap_create(sizing->keys, sizing->shape, sizing->seed);
	return guard_create(&one->guard, sizing->threads) && one->map;
}

static void family_destroy(struct family_map *one)
{
	gomap_destroy(one->map);
	guard_destroy(&one->guard);
}

static void *family_join(struct family_map *one, size_t slot)
{
	(void)slot;
	return one;
}

static void family_leave(void *handle)
{
	(void)handle;
}

/* Does nothing, because no thread reads without the lock. */
RM_HOT void family_quiesce(void *handle)
{
	(void)handle;
}

static void family_park(void *handle)
{
	(void)handle;
}

static void family_unpark(void *handle)
{
	(void)handle;
}

RM_HOT bool family_lookup(
        void *handle, struct rm_key key, struct rm_value *value)
{
	struct family_map *one = handle;

	guard_read(&one->guard, NULL);
	bool was_there = gomap_lookup(one->map, RM_STR16X8, key, value);
	guard_read_end(&one->guard, NULL);
	return was_there;
}

RM_HOT bool family_upsert(
        void *handle, struct rm_key key, const struct rm_value *value)
{
	struct family_map *one = handle;

	guard_write(&one->guard);
	bool was_there = gomap_exchange(one->map, RM_STR16X8, key, value, NULL);
	guard_write_end(&one->guard);
	return was_there;
}

RM_HOT bool family_remove(void *handle, struct rm_key key)
{
	struct family_map *one = handle;

	guard_write(&one->guard);
	bool was_there = gomap_remove(one->map, RM_STR16X8, key, NULL);
	guard_write_end(&one->guard);
	return was_there;
}

static void family_stats(
        struct family_map *one, rm_stat_fn *emit, void *context)
{
	struct gomap_stats sum = { 0 };

	guard_read(&one->guard, NULL);
	gomap_stats_add(one->map, &sum);
	guard_read_end(&one->guard, NULL);
	gomap_stats_emit(&sum, emit, context);
}

static void family_census(struct family_map *one, struct gomap_census *census)
{
	guard_read(&one->guard, NULL);
	gomap_census(census, one->map);
	guard_read_end(&one->guard, NULL);
}

/* No other thread may use the map. */
static uint64_t family_count(struct family_map *one)
{
	return gomap_count(one->map);
}

#endif /* RM_TECHNIQUE_FAMILIES_RW_H */
