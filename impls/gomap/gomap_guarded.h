/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_guarded.h - Go maps under locks: one map, or several shards.
 *
 * A template. The includer first defines
 *
 *	SHARDS, SHARD_ALIGN, shard_choice()  shard_one.h, or its own
 *	struct guard and its functions       one of guard_*.h
 *	SHARD_ARRAY                          the file of the layout, unless
 *	                                     it is shard_array.h
 *
 * and gets its own copy of all operations. With one shard the compiler removes
 * the choice of the shard. Scan and length lock one shard after another.
 *
 * A guard header defines
 *
 *	guard_create(guard, threads) -> bool     false: no memory
 *	guard_destroy(guard)                     even if guard_create() failed
 *	guard_read, guard_read_end               (guard, thread), around lookups
 *	guard_write, guard_write_end             (guard), around writes
 *	guard_join(guard of shard 0, map, slot)  the thread's handle
 *	guard_map(thread)                        the map of a handle
 */
#ifndef RM_SUPPORT_GOMAP_GUARDED_H
#define RM_SUPPORT_GOMAP_GUARDED_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_dump.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

/* Lock and pointer share a line, since they are read one after the other. */
struct shard {
	_Alignas(SHARD_ALIGN) struct guard guard;
	struct gomap *inner; /* protected by guard */
};

static_assert(_Alignof(struct shard) == SHARD_ALIGN &&
                      sizeof(struct shard) % SHARD_ALIGN == 0,
        "a shard shares no cache line with another");

#ifndef SHARD_ARRAY
#define SHARD_ARRAY "impls/shard/shard_array.h"
#endif
#include SHARD_ARRAY

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; i < SHARDS; i++) {
		gomap_destroy(map->shard[i].inner);
		guard_destroy(&map->shard[i].guard);
	}
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	/* aligned to a pair of cache lines, even if the shards are not
	   padded */
	struct map *map = aligned_alloc(2 * RM_CACHE_LINE,
	        (sizeof(*map) + 2 * RM_CACHE_LINE - 1) / (2 * RM_CACHE_LINE) *
	                (2 * RM_CACHE_LINE));
	size_t hint = (sizing->keys + SHARDS - 1) / SHARDS;
	bool failed = false;

	if (!map)
		return NULL;
	shard_array_begin(map);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		failed |= !guard_create(&shard->guard, sizing->threads);
		shard->inner = gomap_create(sizing->presize ? hint : 0,
		        sizing->shape, rm_seed(sizing->seed, i));
		failed |= !shard->inner;
	}
	if (!failed)
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return guard_join(&map->shard[0].guard, map, slot);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_read(&shard->guard, thread);
	bool was_there = gomap_lookup(shard->inner, shape, key, value);
	guard_read_end(&shard->guard, thread);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool was_there = gomap_exchange(shard->inner, shape, key, value, old);
	guard_write_end(&shard->guard);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool was_there = gomap_remove(shard->inner, shape, key, old);
	guard_write_end(&shard->guard);
	return was_there;
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool was_there = gomap_insert_if_absent(
	        shard->inner, shape, key, value, present);
	guard_write_end(&shard->guard);
	return was_there;
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool swapped =
	        gomap_compare_swap(shard->inner, shape, key, expected, value);
	guard_write_end(&shard->guard);
	return swapped;
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool removed = gomap_compare_remove(shard->inner, shape, key, expected);
	guard_write_end(&shard->guard);
	return removed;
}

/* Calls `fn` under the lock, so `fn` must not use this map. */
static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);

	guard_write(&shard->guard);
	bool was_there = gomap_update(shard->inner, shape, key, fn, context);
	guard_write_end(&shard->guard);
	return was_there;
}

/* Holds a shard's lock while it visits the shard, so `fn` must not use this
   map. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = guard_map(thread);
	bool more = true;

	for (size_t i = 0; more && i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		guard_read(&shard->guard, thread);
		more = gomap_scan(shard->inner, shape, fn, context);
		guard_read_end(&shard->guard, thread);
	}
}

static size_t length(void *thread)
{
	struct map *map = guard_map(thread);
	size_t count = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		guard_read(&map->shard[i].guard, thread);
		count += gomap_count(map->shard[i].inner);
		guard_read_end(&map->shard[i].guard, thread);
	}
	return count;
}

static void clear(void *thread)
{
	struct map *map = guard_map(thread);

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		guard_write(&shard->guard);
		gomap_clear(shard->inner, shard->inner->extra->shape);
		guard_write_end(&shard->guard);
	}
}

static void stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;
	struct gomap_stats sum = { 0 };

	for (size_t i = 0; i < SHARDS; i++) {
		/* takes the write lock, because the caller may not have
		   joined */
		guard_write(&map->shard[i].guard);
		gomap_stats_add(map->shard[i].inner, &sum);
		guard_write_end(&map->shard[i].guard);
	}
	gomap_stats_emit(&sum, emit, context);
}

/* Checks each shard, and that each key is in the right shard. */
static bool check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;

	for (size_t i = 0; i < SHARDS; i++) {
		struct gomap *inner = map->shard[i].inner;
		struct rm_shape shape = inner->extra->shape;
		struct gomap_iterator it;
		struct rm_key key;
		struct rm_value value;
		bool stray = false;

		if (!gomap_check_report(inner, why, size))
			return false;
		gomap_iterate_begin(inner, &it);
		while (gomap_iterate_next(&it, shape, &key, &value))
			stray |= shard_of(map, shape, key) != &map->shard[i];
		gomap_iterate_end(&it);
		if (stray) {
			snprintf(why, size, "a key is in the wrong shard");
			return false;
		}
	}
	return true;
}

/* Prints each shard's header and one census of all shards. No other thread may
   use the map. */
static void dump(void *opaque, int fd)
{
	struct map *map = opaque;
	struct gomap_census census = { 0 };

	for (size_t i = 0; i < SHARDS; i++) {
		if (SHARDS > 1)
			dprintf(fd, "shard %zu: ", i);
		gomap_print_header(map->shard[i].inner, fd);
		gomap_census(&census, map->shard[i].inner);
	}
	gomap_census_print(&census, fd);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = nothing,
	.lookup = lookup,
	.quiesce = nothing,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.update = update,
	.scan = scan,
	.length = length,
	.clear = clear,
	.stats = stats,
	.check = check,
	.dump = dump,
};

/* Members of struct rm_impl that maps under one lock share. */
#define GOMAP_LOCKED \
	.family = "lock", .guarantees = "point-in-time", .progress = "blocking"

#endif /* RM_SUPPORT_GOMAP_GUARDED_H */
