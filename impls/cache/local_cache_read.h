/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_read.h - local caches: lookup, refresh, applying the log. Private
   part of local_cache.h. */
#ifndef RM_LOCAL_CACHE_READ_H
#define RM_LOCAL_CACHE_READ_H

#include "impls/cache/local_cache_replica.h"

RM_HOT uint32_t cache_mark_of(struct cached_map *map, uint64_t hash)
{
	if (LOCAL_CACHE_INVALIDATION != LOCAL_CACHE_BY_VERSION)
		return cache_tag_of(hash);
	/* seq_cst: pairs with cache_publish(). Orders a thread's write of one
	   key before its read of another key's version. So if the thread reads
	   the old version, its own write came before the write of the other
	   key. */
	return atomic_load_explicit(
	        cache_version_of(map, hash), memory_order_seq_cst);
}

/* Reads the backing map (or replica) under its lock. Fills the line if the key
   exists. */
RM_HOT bool cache_read_backing(struct cache *cache, struct rm_shape shape,
        struct rm_key key, uint64_t hash, struct rm_value *value)
{
	struct shard *shard = &cache->map->backing->shard[0];
	struct cache_line *line = cache_line_of(cache, hash);
	uint32_t mark;
	bool was_there;
	/* read before the value, so the value is not older than this */
	const uint64_t now_ns = callback_now(cache->map);

	if (LOCAL_CACHE_REPLICA) {
		mark = cache_mark_of(cache->map, hash);
		was_there =
		        replica_read(cache, shape, key, hash, now_ns, value);
	} else {
		guard_read(&shard->guard, cache);
		/* cannot change while the lock is held */
		mark = cache_mark_of(cache->map, hash);
		was_there = gomap_lookup(shard->inner, shape, key, value);
		guard_read_end(&shard->guard, cache);
	}
	if (!was_there) {
		if (cache_is_line_of(cache, line, shape, key))
			line->generation = 0;
		return false;
	}
	line->filled_ns = now_ns;
	line->generation = cache->generation;
	line->length = shape.str ? (uint32_t)key.length : 0;
	line->mark = mark;
	if (LOCAL_CACHE_REPLICA)
		replica_record_fill(cache, hash);
	cache_key_words(shape, key, line->key);
	memcpy(line->value, value, shape.value_bytes);
	return true;
}

RM_HOT bool cache_fill(struct cache *cache, struct rm_shape shape,
        struct rm_key key, uint64_t hash, struct rm_value *value)
{
	bool was_there;

	RM_STAT_OWN(cache->misses, 1);
	if (cache_is_cacheable(shape, key))
		was_there = cache_read_backing(cache, shape, key, hash, value);
	else if (LOCAL_CACHE_REPLICA)
		was_there = replica_read(cache, shape, key, hash,
		        callback_now(cache->map), value);
	else
		was_there = lookup(cache->map->backing, shape, key, value);
	if (LOCAL_CACHE_REPLICA)
		replica_count_miss(cache);
	return was_there;
}

/* Reads a line from the map again after a hit. */
static RM_COLD void cache_refresh(struct cache *cache, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	struct rm_value value;

	rm_stat_own(&cache->refreshes, 1);
	cache_read_backing(cache, shape, key, hash, &value);
}

/* Upper limits of the histogram's buckets, except the last. */
static const uint64_t cache_age_limits_ns[LOCAL_CACHE_AGES - 1] = { 1000000,
	1000000000, LOCAL_CACHE_REFRESH_NS, 2 * LOCAL_CACHE_REFRESH_NS,
	LOCAL_CACHE_TTL_NS };

RM_HOT void cache_count_answer(struct cache *cache, uint64_t age_ns)
{
	size_t class = 0;

	/* both relaxed: single writer, and a statistic orders nothing */
	if (__builtin_expect(age_ns > atomic_load_explicit(&cache->age_max_ns,
	                                      memory_order_relaxed),
	            0))
		atomic_store_explicit(
		        &cache->age_max_ns, age_ns, memory_order_relaxed);
	if (!RM_STATS_BUILT)
		return;
	while (class < LOCAL_CACHE_AGES - 1 &&
	        age_ns > cache_age_limits_ns[class])
		class ++;
	RM_STAT_OWN(cache->ages[class], 1);
	RM_STAT_OWN(cache->hits, 1);
}

/* True if the line caches this key and, if keys have versions, is still
   current. */
RM_HOT bool cache_has_current_line(struct cache *cache,
        const struct cache_line *line, struct rm_shape shape, struct rm_key key,
        uint64_t hash)
{
	return cache_is_cacheable(shape, key) &&
	       cache_is_line_of(cache, line, shape, key) &&
	       (LOCAL_CACHE_INVALIDATION != LOCAL_CACHE_BY_VERSION ||
	               line->mark == cache_mark_of(cache->map, hash));
}

RM_HOT bool cache_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct cache *cache = thread;
	const uint64_t hash = rm_hash(shape, key, cache->map->seed);
	const struct cache_line *line = cache_line_of(cache, hash);

	if (cache_has_current_line(cache, line, shape, key, hash)) {
		const uint64_t age_ns =
		        callback_now(cache->map) - line->filled_ns;

		if (__builtin_expect(age_ns < cache->map->limit_ns, 1)) {
			cache_count_answer(cache, age_ns);
			if (LOCAL_CACHE_REPLICA)
				replica_count_hit(cache, hash, age_ns);
			memcpy(value, line->value, shape.value_bytes);
			if (__builtin_expect(
			            age_ns >= LOCAL_CACHE_REFRESH_NS, 0))
				cache_refresh(cache, shape, key, hash);
			return true;
		}
		rm_stat_own(&cache->expiries, 1);
	}
	return cache_fill(cache, shape, key, hash, value);
}

/* Invalidates the lines of keys that were written since the last call. */
static RM_COLD void cache_apply_log(struct cache *cache, uint64_t head)
{
	struct cached_map *map = cache->map;

	for (uint64_t i = cache->log_seen;
	        i != head && head - cache->log_seen < LOCAL_CACHE_LOG; i++) {
		/* acquire: pairs with the release in cache_publish(). If a
		   newer entry has overwritten this one, the load of log_head
		   below detects that. */
		const uint64_t hash = atomic_load_explicit(
		        &map->log[i % LOCAL_CACHE_LOG], memory_order_acquire);
		struct cache_line *line = cache_line_of(cache, hash);

		if (line->mark == cache_tag_of(hash))
			line->generation = 0;
		if (LOCAL_CACHE_REPLICA)
			replica_require(cache, hash, i + 1);
	}
	/* relaxed: ordered after the entries by their acquire loads */
	if (atomic_load_explicit(&map->log_head, memory_order_relaxed) -
	                cache->log_seen >=
	        LOCAL_CACHE_LOG) {
		cache_drop_all(cache); /* some entries were overwritten before
		                          this read */
		if (LOCAL_CACHE_REPLICA)
			replica_require_all(cache, head);
	}
	cache->log_seen = head;
}

/* Applies the log up to `*position`, unless this cache has already done so. */
RM_HOT void cache_catch_up(struct cache *cache, _Atomic uint64_t *position)
{
	/* acquire: pairs with the release in cache_publish(), or with the store
	   by which a thread advanced the replica */
	const uint64_t head =
	        atomic_load_explicit(position, memory_order_acquire);

	if (__builtin_expect(head != cache->log_seen, 0) &&
	        (!LOCAL_CACHE_REPLICA || head > cache->log_seen))
		cache_apply_log(cache, head);
}

/* Applies the log up to its end or, with a replica, as far as the replica has
   applied it. */
RM_HOT void cache_quiesce(void *thread)
{
	struct cache *cache = thread;

	if (LOCAL_CACHE_REPLICA)
		cache_catch_up(cache, &cache->map->replica->applied);
	else if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_LOG)
		cache_catch_up(cache, &cache->map->log_head);
}

/* After this call, reads see all earlier writes. */
static void cache_unpark(void *thread)
{
	struct cache *cache = thread;

	if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_TTL)
		cache_drop_all(cache);
	else if (LOCAL_CACHE_INVALIDATION == LOCAL_CACHE_BY_LOG)
		cache_catch_up(cache, &cache->map->log_head);
}

#endif /* RM_LOCAL_CACHE_READ_H */
