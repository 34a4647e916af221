/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_ops.h - the operations of shards whose number grows. This is a
 * template: shard_grow.h lists what the includer defines; shard_grow_split.h
 * explains how a shard is split and why that is correct.
 *
 * Scan and length lock one shard at a time, along the tree of shards. They see
 * each shard either before or after its split, and keys never leave their part
 * of the tree. So they visit a key that is present all the time once.
 */
#ifndef RM_SHARD_GROW_OPS_H
#define RM_SHARD_GROW_OPS_H

#include "impls/shard/shard_grow_create.h"
#include "impls/shard/shard_grow_split.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

/* The alternative to shard_grow_split.h, for comparison: one operation moves
   the keys of N shards to 2N while all other threads wait. */

/* Locks every shard of the table once, in the order of their ids. Returns the
   number of keys. The caller holds directory_lock. */
static inline uint64_t grow_lock_all(const struct grow_directory *directory)
{
	uint64_t keys = 0;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: written under directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id != i)
			continue; /* another entry of the same shard */
		lock_go_to_write(&shard->lock);
		keys += gomap_count(shard->inner);
	}
	return keys;
}

static inline void grow_unlock_all(const struct grow_directory *directory)
{
	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: written under directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id == i)
			go_rwmutex_unlock(&shard->lock);
	}
}

/* Splits all shards. They are locked. If memory runs out for a shard, it is not
   split. */
static inline void grow_split_all(struct grow_map *map,
        const struct grow_directory *directory, struct rm_shape shape)
{
	uint64_t moved = 0;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: written under directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id != i || !grow_begin(map, shard))
			continue;
		moved += grow_copy(map, shard, shape, SIZE_MAX);
		grow_end(map, shard);
		shard->routed = true;
		map->leaves++;
	}
	grow_record_move(map, moved);
}

/* Splits all shards in one operation, because `shard` is too full. Unlocks
   `shard`. If that shard has most keys of the map, the bits of their hashes
   that choose a shard are equal; splitting would not help and is not done. */
static RM_COLD void grow_stop_world(
        struct grow_map *map, struct grow_shard *shard, struct rm_shape shape)
{
	struct grow_directory *directory, *longer = NULL;

	go_rwmutex_unlock(&shard->lock);
	lock_go_word(&map->directory_lock);
	/* relaxed: written under directory_lock */
	directory = atomic_load_explicit(&map->directory, memory_order_relaxed);
	if (shard->routed) { /* another thread has split it */
		go_w_unlock(&map->directory_lock);
		return;
	}
	const uint64_t keys = grow_lock_all(directory);

	if (keys * GROW_SPARSE < map->leaves * GROW_LIMIT)
		shard->limit = SIZE_MAX;
	else if (gomap_count(shard->inner) >= shard->limit)
		longer = grow_directory_create(
		        directory->log2_entries + 1, directory);
	if (longer) {
		grow_split_all(map, directory, shape);
		grow_install(map, longer);
	}
	grow_unlock_all(directory);
	go_w_unlock(&map->directory_lock);
}

/* Ends a write. Grows the shard if it is too full. */
RM_HOT void grow_write_end(struct grow_map *map, struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route)
{
	if (__builtin_expect(gomap_count(shard->inner) < shard->limit, 1))
		go_rwmutex_unlock(&shard->lock);
	else if (GROW_STOP)
		grow_stop_world(map, shard, shape);
	else if (GROW_TIMED)
		grow_write_both(shard, shape, key, route);
	else
		grow_step(map, shard, shape, key, route);
}

RM_HOT bool grow_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_read(thread, route);
	bool was_there =
	        GROW_TIMED && __builtin_expect(shard->move != NULL, 0)
	                ? grow_lookup_both(shard, shape, key, route, value)
	                : gomap_lookup(shard->inner, shape, key, value);

	go_rwmutex_read_unlock(&shard->lock);
	return was_there;
}

RM_HOT bool grow_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool was_there = gomap_exchange(shard->inner, shape, key, value, old);

	grow_write_end(thread, shard, shape, key, route);
	return was_there;
}

RM_HOT bool grow_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool was_there = gomap_remove(shard->inner, shape, key, old);

	grow_write_end(thread, shard, shape, key, route);
	return was_there;
}

static bool grow_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool was_there = gomap_insert_if_absent(
	        shard->inner, shape, key, value, present);

	grow_write_end(thread, shard, shape, key, route);
	return was_there;
}

static bool grow_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool swapped =
	        gomap_compare_swap(shard->inner, shape, key, expected, value);

	grow_write_end(thread, shard, shape, key, route);
	return swapped;
}

static bool grow_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool removed = gomap_compare_remove(shard->inner, shape, key, expected);

	grow_write_end(thread, shard, shape, key, route);
	return removed;
}

/* Calls `fn` while it holds the lock, so `fn` must not use this map. */
static bool grow_update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	const uint64_t route = grow_route(shape, key);
	struct grow_shard *shard = grow_write(thread, route);
	bool was_there = gomap_update(shard->inner, shape, key, fn, context);

	grow_write_end(thread, shard, shape, key, route);
	return was_there;
}

/* Visits a shard or, if it is split, its descendants. `fn` must not use this
   map. */
static bool grow_scan_shard(struct grow_shard *shard, struct rm_shape shape,
        rm_scan_fn *fn, void *context)
{
	bool more = true;

	lock_go_to_read(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		more = gomap_scan(shard->inner, shape, fn, context);
	go_rwmutex_read_unlock(&shard->lock);
	for (unsigned side = 0; more && split && side < 2; side++)
		more = grow_scan_shard(shard->child[side], shape, fn, context);
	return more;
}

static void grow_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	const struct grow_directory *roots = ((struct grow_map *)thread)->roots;
	bool more = true;

	for (uint64_t i = 0; more && i <= roots->mask; i++)
		more = grow_scan_shard(grow_root(roots, i), shape, fn, context);
}

static size_t grow_length_shard(struct grow_shard *shard)
{
	size_t count = 0;

	lock_go_to_read(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		count = gomap_count(shard->inner);
	go_rwmutex_read_unlock(&shard->lock);
	for (unsigned side = 0; split && side < 2; side++)
		count += grow_length_shard(shard->child[side]);
	return count;
}

static size_t grow_length(void *thread)
{
	const struct grow_directory *roots = ((struct grow_map *)thread)->roots;
	size_t count = 0;

	for (uint64_t i = 0; i <= roots->mask; i++)
		count += grow_length_shard(grow_root(roots, i));
	return count;
}

/* Also clears the children of a moving shard, because they mirror it. */
static void grow_clear_shard(struct grow_shard *shard, struct rm_shape shape)
{
	lock_go_to_write(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		gomap_clear(shard->inner, shape);
	for (unsigned side = 0; shard->move && side < 2; side++)
		gomap_clear(shard->child[side]->inner, shape);
	go_rwmutex_unlock(&shard->lock);
	for (unsigned side = 0; split && side < 2; side++)
		grow_clear_shard(shard->child[side], shape);
}

static void grow_clear(void *thread)
{
	struct grow_map *map = thread;

	for (uint64_t i = 0; i <= map->roots->mask; i++)
		grow_clear_shard(grow_root(map->roots, i), map->shape);
}

#define GROW_KEY_OPS                                                      \
	.join = map_itself, .leave = nothing, .lookup = grow_lookup,      \
	.quiesce = nothing, .exchange = grow_exchange, .take = grow_take, \
	.insert_if_absent = grow_insert_if_absent,                        \
	.compare_swap = grow_compare_swap,                                \
	.compare_remove = grow_compare_remove, .update = grow_update,     \
	.scan = grow_scan, .length = grow_length, .clear = grow_clear
#define GROW_OPS                                                      \
	GROW_KEY_OPS, .create = grow_create, .destroy = grow_destroy, \
	              .stats = grow_stats, .check = grow_check

/* Members of struct rm_impl that these maps share. */
#define GROW_MAP                                                 \
	.family = "shard", .sync = "go-rwmutex", .system = "M8", \
	.guarantees = "once-if-present", .progress = "blocking"

#endif /* RM_SHARD_GROW_OPS_H */
