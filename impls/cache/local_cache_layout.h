/* SPDX-License-Identifier: Apache-2.0 */
/* local_cache_layout.h - local caches: data structures. Private part of
   local_cache.h. */
#ifndef RM_LOCAL_CACHE_LAYOUT_H
#define RM_LOCAL_CACHE_LAYOUT_H

#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"
#include "impls/support/hash.h"
#include "runner/base/clock.h"

#define LOCAL_CACHE_TTL_NS     ((uint64_t)30 * 1000000000)
#define LOCAL_CACHE_REFRESH_NS ((uint64_t)10 * 1000000000)
/* The coarse clock advances in ticks of at most 10 ms (CONFIG_HZ >= 100), so a
   line may be that much older than its computed age. */
#define LOCAL_CACHE_TICK_NS ((uint64_t)10 * 1000000)

/* If true, misses read a replica instead of the map that is written. */
#ifndef LOCAL_CACHE_REPLICA
#define LOCAL_CACHE_REPLICA false
#endif

enum {
	LOCAL_CACHE_BY_TTL,
	LOCAL_CACHE_BY_LOG,
	LOCAL_CACHE_BY_VERSION,
};

enum {
	LOCAL_CACHE_LINES = 256, /* lines per thread; they take 16 KiB */
	LOCAL_CACHE_LOG = 4096,
	LOCAL_CACHE_VERSIONS = 4096,
	LOCAL_CACHE_AGES = 6, /* buckets of the age histogram */
	LOCAL_CACHE_KEY_BYTES = 16,
};

/* A cached entry, one cache line. */
struct cache_line {
	_Alignas(RM_CACHE_LINE) uint64_t filled_ns;
	uint32_t generation; /* if it differs from the cache's generation, the
	                        line is empty */
	uint32_t length;     /* length of a string key */
	uint64_t key[2];
	uint64_t value[3];
	uint32_t mark; /* tag of the key in the log, or version of the key */
};

/* A thread's handle. Other threads read only the statistics. */
struct cache {
	_Alignas(2 * RM_CACHE_LINE) struct cached_map *map;
	uint64_t log_seen;   /* log entries already applied */
	uint32_t generation; /* never 0 */
	/* Only the owner writes these counters. `hits` to `ages` exist only in
	   stats builds. */
	_Atomic uint64_t age_max_ns;          /* maximum over all answers */
	_Atomic uint64_t refreshes, expiries; /* rare, so counted in all
	                                         builds */
	_Atomic uint64_t hits, misses, drops, ages[LOCAL_CACHE_AGES];
	struct replica_reader *reader; /* NULL if there is no replica */
	struct cache_line lines[LOCAL_CACHE_LINES];
};

struct cached_map {
	struct map *backing;
	uint64_t (*now_ns)(void); /* NULL: use the coarse monotonic clock */
	uint64_t clock_rate;      /* factor for the time of that clock */
	uint64_t limit_ns;        /* age at which a line expires */
	uint64_t seed;            /* seed of the hash that selects lines */
	size_t threads;
	struct cache **caches;   /* indexed by slot; NULL: the slot was never
	                            joined */
	struct replica *replica; /* NULL: misses read `backing` */
	/* number of entries logged so far; written under the lock */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t log_head;
	_Atomic uint64_t log[LOCAL_CACHE_LOG]; /* hashes of written keys */
	_Atomic uint32_t versions[LOCAL_CACHE_VERSIONS];
};

/* Invalidates the whole cache. */
RM_HOT void cache_drop_all(struct cache *cache)
{
	if (!++cache->generation) { /* the generation wraps around every 2^32
	                               drops */
		memset(cache->lines, 0, sizeof(cache->lines));
		cache->generation = 1;
	}
	RM_STAT_OWN(cache->drops, 1);
}

/* The only call through a pointer, and the reason for dispatch = "callback". */
static __attribute__((noinline)) uint64_t callback_now(
        const struct cached_map *map)
{
	return map->now_ns ? map->now_ns()
	                   : rm_now_coarse_ns() * map->clock_rate;
}

/* Disjoint bits of a key's hash select the line, the version and the tag. */
RM_HOT struct cache_line *cache_line_of(struct cache *cache, uint64_t hash)
{
	return &cache->lines[hash % LOCAL_CACHE_LINES];
}

RM_HOT _Atomic uint32_t *cache_version_of(struct cached_map *map, uint64_t hash)
{
	return &map->versions[(hash >> 16) % LOCAL_CACHE_VERSIONS];
}

RM_HOT uint32_t cache_tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

RM_HOT bool cache_is_cacheable(struct rm_shape shape, struct rm_key key)
{
	return !shape.str || key.length <= LOCAL_CACHE_KEY_BYTES;
}

/* Converts the key to the format of a line; short strings are padded with 0. */
RM_HOT void cache_key_words(
        struct rm_shape shape, struct rm_key key, uint64_t words[2])
{
	words[0] = shape.str ? 0 : key.word;
	words[1] = 0;
	if (shape.str && key.length)
		memcpy(words, key.bytes, key.length);
}

/* True if the line caches this key, whatever its age. */
RM_HOT bool cache_is_line_of(const struct cache *cache,
        const struct cache_line *line, struct rm_shape shape, struct rm_key key)
{
	uint64_t words[2];

	if (line->generation != cache->generation)
		return false;
	if (!shape.str)
		return line->key[0] == key.word;
	if (line->length != key.length)
		return false;
	cache_key_words(shape, key, words);
	return line->key[0] == words[0] && line->key[1] == words[1];
}

#endif /* RM_LOCAL_CACHE_LAYOUT_H */
