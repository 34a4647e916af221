/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_safe.h - Go's sync.Map with a fault barrier around lookups.
 *
 * Each lookup sets a barrier (sigsetjmp, without the signal mask). If hashing
 * its key faults, control jumps to the barrier. The lookup then releases the
 * lock if it holds it, and returns "absent". A lookup hashes before it counts
 * or promotes, so it has not changed anything when the fault happens. As in the
 * article, writes have no barrier: an unhashable key ends the process.
 *
 * Go hashes a key even if the map is empty, so its panic precedes the lock.
 * This port checks for an empty map first, and so hashes under the lock if the
 * read map is empty. Therefore it needs syncmap_mutex_held.h.
 */
#ifndef RM_SYNCMAP_SAFE_H
#define RM_SYNCMAP_SAFE_H

#define SYNCMAP_LOCK "impls/syncmap/syncmap_mutex_held.h"
#define GOMAP_KEYS   "impls/gomap/gomap_keys_fault.h"
#include "impls/syncmap/syncmap.h"

struct safe_map {
	struct syncmap *inner;
	_Atomic uint64_t faults;        /* number of aborted lookups */
	_Atomic uint64_t faults_locked; /* number of these that held the lock */
};

/* One thread's handle. */
struct safe_thread {
	struct fault_barrier barrier; /* barrier of the current lookup */
	void *inner;                  /* syncmap's own handle */
	struct safe_map *map;
};

static void safe_destroy(void *opaque)
{
	struct safe_map *map = opaque;

	if (map->inner)
		syncmap_destroy(map->inner);
	free(map);
}

static void *safe_create(const struct rm_sizing *sizing)
{
	struct safe_map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->inner = syncmap_create(sizing);
	if (map->inner)
		return map;
	safe_destroy(map);
	return NULL;
}

static void *safe_join(void *opaque, size_t slot)
{
	struct safe_thread *safe = malloc(sizeof(*safe));

	if (!safe)
		return NULL;
	safe->map = opaque;
	safe->inner = syncmap_join(safe->map->inner, slot);
	if (safe->inner)
		return safe;
	free(safe);
	return NULL;
}

static void safe_leave(void *thread)
{
	syncmap_leave(((struct safe_thread *)thread)->inner);
	free(thread);
}

RM_HOT void *safe_inner(void *thread)
{
	return ((struct safe_thread *)thread)->inner;
}

RM_HOT void safe_quiesce(void *thread)
{
	syncmap_quiesce(safe_inner(thread));
}

static void safe_park(void *thread)
{
	syncmap_park(safe_inner(thread));
}

static void safe_unpark(void *thread)
{
	syncmap_unpark(safe_inner(thread));
}

/* Handles a fault: restores the state from before the lookup. */
static RM_COLD bool safe_recover(struct safe_thread *safe)
{
	const bool locked = syncmap_unlock_if_held(&safe->map->inner->lock);

	/* both relaxed: statistics */
	atomic_fetch_add_explicit(&safe->map->faults, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &safe->map->faults_locked, locked, memory_order_relaxed);
	return false;
}

/* A function that sets a barrier cannot be inlined. There is one per shape, so
   that the shape stays a constant. */
#define SAFE_LOOKUP(name, shape)                                       \
	static __attribute__((noinline)) bool safe_lookup_##name(      \
	        struct safe_thread *safe, struct rm_key key,           \
	        struct rm_value *value)                                \
	{                                                              \
		if (sigsetjmp(safe->barrier.jump, 0))                  \
			return safe_recover(safe);                     \
		return syncmap_lookup(safe->inner, shape,              \
		        fault_key(shape, key, &safe->barrier), value); \
	}

SAFE_LOOKUP(u64x8, RM_U64X8)
SAFE_LOOKUP(u64x24, RM_U64X24)
SAFE_LOOKUP(str16x8, RM_STR16X8)
SAFE_LOOKUP(str16x24, RM_STR16X24)

RM_HOT bool safe_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	if (shape.str)
		return shape.value_bytes == 8
		               ? safe_lookup_str16x8(thread, key, value)
		               : safe_lookup_str16x24(thread, key, value);
	return shape.value_bytes == 8 ? safe_lookup_u64x8(thread, key, value)
	                              : safe_lookup_u64x24(thread, key, value);
}

RM_HOT bool safe_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return syncmap_exchange(safe_inner(thread), shape,
	        fault_key(shape, key, NULL), value, old);
}

RM_HOT bool safe_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return syncmap_take(
	        safe_inner(thread), shape, fault_key(shape, key, NULL), old);
}

static bool safe_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	return syncmap_insert_if_absent(safe_inner(thread), shape,
	        fault_key(shape, key, NULL), value, present);
}

static bool safe_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	return syncmap_compare_swap(safe_inner(thread), shape,
	        fault_key(shape, key, NULL), expected, value);
}

static bool safe_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	return syncmap_compare_remove(safe_inner(thread), shape,
	        fault_key(shape, key, NULL), expected);
}

static void safe_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	syncmap_scan(safe_inner(thread), shape, fn, context);
}

static size_t safe_length(void *thread)
{
	return syncmap_length(safe_inner(thread));
}

static void safe_clear(void *thread)
{
	syncmap_clear(safe_inner(thread));
}

static void safe_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct safe_map *map = opaque;

	syncmap_stats(map->inner, emit, context);
	emit(context, "faults", "1", (double)rm_stat_read(&map->faults));
	emit(context, "faults_locked", "1",
	        (double)rm_stat_read(&map->faults_locked));
}

static bool safe_check(void *opaque, char *why, size_t size)
{
	return syncmap_check(((struct safe_map *)opaque)->inner, why, size);
}

#define SYNCMAP_SAFE_OPS                                                     \
	.create = safe_create, .destroy = safe_destroy, .join = safe_join,   \
	.leave = safe_leave, .lookup = safe_lookup, .quiesce = safe_quiesce, \
	.park = safe_park, .unpark = safe_unpark, .exchange = safe_exchange, \
	.take = safe_take, .insert_if_absent = safe_insert_if_absent,        \
	.compare_swap = safe_compare_swap,                                   \
	.compare_remove = safe_compare_remove, .scan = safe_scan,            \
	.length = safe_length, .clear = safe_clear, .stats = safe_stats,     \
	.check = safe_check

#endif /* RM_SYNCMAP_SAFE_H */
