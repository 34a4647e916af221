/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_bare.h - implements the operations of the map contract for Go's map
 * without a lock.
 *
 * This is a template: the includer may first define GOMAP_KEYS (see
 * gomap_keys.h). Each includer gets its own copy of all operations.
 */
#ifndef RM_SUPPORT_GOMAP_BARE_H
#define RM_SUPPORT_GOMAP_BARE_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

static void *create(const struct rm_sizing *sizing)
{
	return gomap_create(sizing->presize ? sizing->keys : 0, sizing->shape,
	        sizing->seed);
}

static void destroy(void *map)
{
	gomap_destroy(map);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	return gomap_lookup(thread, shape, key, value);
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	return gomap_exchange(thread, shape, key, value, old);
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return gomap_remove(thread, shape, key, old);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	return gomap_insert_if_absent(thread, shape, key, value, present);
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	return gomap_compare_swap(thread, shape, key, expected, value);
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	return gomap_compare_remove(thread, shape, key, expected);
}

static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	return gomap_update(thread, shape, key, fn, context);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	gomap_scan(thread, shape, fn, context);
}

static size_t length(void *thread)
{
	return gomap_count(thread);
}

static void clear(void *thread)
{
	struct gomap *map = thread;

	gomap_clear(map, map->extra->shape);
}

static void stats(void *map, rm_stat_fn *emit, void *context)
{
	struct gomap_stats sum = { 0 };

	gomap_stats_add(map, &sum);
	gomap_stats_emit(&sum, emit, context);
}

static bool check(void *map, char *why, size_t size)
{
	return gomap_check_report(map, why, size);
}

static void dump(void *map, int fd)
{
	gomap_dump(map, fd);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.update = update,
	.scan = scan,
	.clear = clear,
	.stats = stats,
	.check = check,
	.dump = dump,
};

/* Members of struct rm_impl that these maps share. */
#define GOMAP_BARE                                                \
	.family = "bound", .sync = "none", .caps = RM_CAP_UNSAFE, \
	.guarantees = "once-if-present", .progress = "wait-free"

#endif /* RM_SUPPORT_GOMAP_BARE_H */
