/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_write.h - local caches: writes and invalidation. Private part of
   local_cache.h. */
#ifndef RM_LOCAL_CACHE_WRITE_H
#define RM_LOCAL_CACHE_WRITE_H

#include "impls/cache/local_cache_replica.h"

RM_HOT struct gomap *cache_write_begin(struct cache *cache)
{
	struct shard *shard = &cache->map->backing->shard[0];

	guard_write(&shard->guard);
	return shard->inner;
}

/* Invalidates the key in other caches. The caller holds the lock, so no thread
   can read the new value from the map yet. */
RM_HOT void cache_publish(struct cached_map *map, uint64_t hash)
{
	if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_VERSION) {
		/* seq_cst: pairs with cache_mark_of() */
		atomic_fetch_add_explicit(
		        cache_version_of(map, hash), 1, memory_order_seq_cst);
	} else if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_LOG) {
		/* relaxed: written only under the lock */
		const uint64_t head = atomic_load_explicit(
		        &map->log_head, memory_order_relaxed);

		/* both release: pair with the acquires in cache_apply_log(),
		   cache_catch_up() and replica_pass() */
		atomic_store_explicit(&map->log[head % LOCAL_CACHE_LOG], hash,
		        memory_order_release);
		atomic_store_explicit(
		        &map->log_head, head + 1, memory_order_release);
	}
}

/* Must be called after each write of a key, even if nothing changed. */
RM_HOT void cache_write_end(
        struct cache *cache, struct rm_shape shape, struct rm_key key)
{
	const uint64_t hash = rm_hash(shape, key, cache->map->seed);
	struct cache_line *line = cache_line_of(cache, hash);

	if (LOCAL_CACHE_REPLICA)
		replica_log(cache, shape, key, hash);
	cache_publish(cache->map, hash);
	guard_write_end(&cache->map->backing->shard[0].guard);
	if (cache_is_cacheable(shape, key) &&
	        cache_is_line_of(cache, line, shape, key))
		line->generation = 0;
}

RM_HOT bool cache_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct gomap *inner = cache_write_begin(thread);
	bool was_there = gomap_exchange(inner, shape, key, value, old);

	cache_write_end(thread, shape, key);
	return was_there;
}

RM_HOT bool cache_upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return cache_exchange(thread, shape, key, value, NULL);
}

RM_HOT bool cache_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct gomap *inner = cache_write_begin(thread);
	bool was_there = gomap_remove(inner, shape, key, old);

	cache_write_end(thread, shape, key);
	return was_there;
}

RM_HOT bool cache_remove(void *thread, struct rm_shape shape, struct rm_key key)
{
	return cache_take(thread, shape, key, NULL);
}

static bool cache_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct gomap *inner = cache_write_begin(thread);
	bool was_there =
	        gomap_insert_if_absent(inner, shape, key, value, present);

	cache_write_end(thread, shape, key);
	return was_there;
}

static bool cache_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct gomap *inner = cache_write_begin(thread);
	bool swapped = gomap_compare_swap(inner, shape, key, expected, value);

	cache_write_end(thread, shape, key);
	return swapped;
}

static bool cache_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct gomap *inner = cache_write_begin(thread);
	bool removed = gomap_compare_remove(inner, shape, key, expected);

	cache_write_end(thread, shape, key);
	return removed;
}

/* Calls `fn` while it holds the lock, so `fn` must not use this map. */
static bool cache_update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct gomap *inner = cache_write_begin(thread);
	bool was_there = gomap_update(inner, shape, key, fn, context);

	cache_write_end(thread, shape, key);
	return was_there;
}

/* Increments all versions or advances the log by its whole length, so that
   caches drop all lines. */
static void cache_clear(void *thread)
{
	struct cache *cache = thread;
	struct gomap *inner = cache_write_begin(cache);

	gomap_clear(inner, inner->extra->shape);
	if (LOCAL_CACHE_REPLICA)
		replica_clear(cache->map);
	else if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_LOG)
		/* release: pairs with the acquire in cache_catch_up(). The log
		   advances by so much that caches drop all lines. */
		atomic_fetch_add_explicit(&cache->map->log_head,
		        LOCAL_CACHE_LOG, memory_order_release);
	for (size_t i = 0; LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_VERSION &&
	                   i < LOCAL_CACHE_VERSIONS;
	        i++)
		/* seq_cst: pairs with cache_mark_of() */
		atomic_fetch_add_explicit(
		        &cache->map->versions[i], 1, memory_order_seq_cst);
	guard_write_end(&cache->map->backing->shard[0].guard);
	cache_drop_all(cache);
}

#endif /* RM_LOCAL_CACHE_WRITE_H */
