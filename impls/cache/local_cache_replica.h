/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache_replica.h - local caches: a second map that follows the first and
 * serves misses. Private part of local_cache.h.
 *
 * The map that is written is the primary. Each write logs its result under the
 * primary's lock: the key and its value, or that the key is absent. A
 * background thread, the follower, polls the log every REPLICA_POLL_NS and
 * applies it to the replica in order. So the replica equals the primary after
 * its first `applied` writes. A writer that finds the log full applies the
 * oldest writes itself, so the replica never lacks more than LOCAL_CACHE_LOG
 * writes.
 *
 * The replica has every write that was logged before the time `current_ns`. So
 * the lag of a read is at most now - current_ns, and the staleness of an answer
 * is at most the age of its line plus the lag of the read that filled it.
 *
 * A cache applies the log only up to `applied`. If it invalidated a line before
 * the replica has the write, the next miss would cache the old value, and no
 * later log entry would invalidate it. But a thread must see some writes
 * earlier. Each cache line therefore has a position `min_applied`. Until
 * `applied` has reached it, the thread reads keys of that line from the primary
 * (counted as primary_reads), and afterwards from the replica. `min_applied` is
 * raised by the thread's own writes, by its reads of the primary, and by
 * entries logged before it joined or ended a park.
 */
#ifndef RM_LOCAL_CACHE_REPLICA_H
#define RM_LOCAL_CACHE_REPLICA_H

#include "impls/cache/local_cache_layout.h"

#include <pthread.h>

/* Longest time that a write waits in the log if nothing delays the follower. It
   is roughly the latency of a message to another machine in the same data
   centre. */
#define REPLICA_POLL_NS ((uint64_t)1000000)

enum {
	REPLICA_BATCH = 64
}; /* most writes that are applied during one hold of the replica's lock */

/* The result of a write. It is written under the primary's lock and read under
   the replica's; `log_head` publishes it. */
struct replica_write {
	struct rm_key key; /* a string points to `bytes` or to a malloc'ed
	                      copy */
	char bytes[LOCAL_CACHE_KEY_BYTES];
	struct rm_value value;
	bool present;
};

/* One for each cache line of each thread; it applies to all keys of that
   line. */
struct replica_line {
	uint64_t min_applied; /* position in the log, see above */
	uint64_t lag_ns;      /* lag of the replica when the line was filled */
};

/* Written by one thread. Only stats builds count replica_reads. */
struct replica_reader {
	/* lag of the replica at this thread's last read */
	_Alignas(2 * RM_CACHE_LINE) uint64_t lag_ns;
	_Atomic uint64_t lag_max_ns, staleness_max_ns;
	_Atomic uint64_t primary_reads, replica_reads;
	struct replica_line lines[LOCAL_CACHE_LINES];
};

struct replica {
	struct map *map;
	pthread_t follower;
	bool follower_running; /* true if it was started and not yet joined */
	_Atomic bool stop_requested;
	_Atomic uint64_t passes; /* passes that the follower has completed */
	_Atomic uint64_t behind_max, log_full;
	/* The replica has all writes that were logged before this time. */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t current_ns;
	_Atomic uint64_t applied;       /* number of applied writes; written
	                                   under the replica's lock */
	struct replica_reader *readers; /* indexed by slot */
	_Alignas(2 * RM_CACHE_LINE) struct replica_write log[LOCAL_CACHE_LOG];
};

RM_HOT uint64_t replica_applied(struct replica *replica)
{
	/* acquire: pairs with the releases in replica_apply() and
	   replica_clear(). It covers the content of the replica and freed log
	   slots. */
	return atomic_load_explicit(&replica->applied, memory_order_acquire);
}

static void replica_free_key(struct rm_shape shape, struct replica_write *write)
{
	if (shape.str && write->key.bytes != write->bytes)
		free((void *)(uintptr_t)write->key.bytes);
}

/* Applies at most `max_writes` of the writes before position `upto`. Any thread
   may call it. */
static RM_COLD void replica_apply(
        struct cached_map *map, uint64_t upto, uint64_t max_writes)
{
	struct replica *replica = map->replica;
	struct shard *shard = &replica->map->shard[0];
	struct gomap *inner = shard->inner;
	const struct rm_shape shape = inner->extra->shape;

	guard_write(&shard->guard);
	/* relaxed: written under this lock */
	uint64_t at =
	        atomic_load_explicit(&replica->applied, memory_order_relaxed);

	for (; at < upto && max_writes; at++, max_writes--) {
		struct replica_write *write =
		        &replica->log[at % LOCAL_CACHE_LOG];

		if (write->present)
			gomap_exchange(
			        inner, shape, write->key, &write->value, NULL);
		else
			gomap_remove(inner, shape, write->key, NULL);
		replica_free_key(shape, write);
	}
	/* release: pairs with replica_applied() */
	atomic_store_explicit(&replica->applied, at, memory_order_release);
	guard_write_end(&shard->guard);
}

/* Applies the log up to its current end. Called by the follower only. */
static void replica_pass(struct cached_map *map)
{
	struct replica *replica = map->replica;
	/* read before log_head, because later writes are not covered by this
	   time */
	const uint64_t now_ns = callback_now(map);
	/* acquire: makes the writes visible; pairs with the release in
	   cache_publish() */
	const uint64_t head =
	        atomic_load_explicit(&map->log_head, memory_order_acquire);
	uint64_t applied = replica_applied(replica);

	if (head > applied)
		rm_stat_max(&replica->behind_max, head - applied);
	for (; applied < head; applied = replica_applied(replica))
		replica_apply(map, head, REPLICA_BATCH);
	/* release: a thread that reads this time sees the writes before it */
	atomic_store_explicit(
	        &replica->current_ns, now_ns, memory_order_release);
	/* release: a thread that reads `passes` sees the effects of that many
	   passes */
	atomic_fetch_add_explicit(&replica->passes, 1, memory_order_release);
}

static void *replica_follow(void *opaque)
{
	struct cached_map *map = opaque;

	/* relaxed: a stop flag only; the caller joins the thread */
	while (!atomic_load_explicit(
	        &map->replica->stop_requested, memory_order_relaxed)) {
		replica_pass(map);
		rm_sleep_until(rm_now_ns() + REPLICA_POLL_NS);
	}
	return NULL;
}

/* Stops the follower. The replica does not change afterwards. Only one thread
   may call this. */
static void replica_stop(struct replica *replica)
{
	/* relaxed: see replica_follow() */
	atomic_store_explicit(
	        &replica->stop_requested, true, memory_order_relaxed);
	if (replica->follower_running)
		pthread_join(replica->follower, NULL);
	replica->follower_running = false;
}

static void replica_destroy(struct cached_map *map)
{
	struct replica *replica = map->replica;

	if (!replica)
		return;
	replica_stop(replica);
	/* both relaxed: no other thread is left */
	const uint64_t head =
	        atomic_load_explicit(&map->log_head, memory_order_relaxed);

	for (uint64_t at = atomic_load_explicit(
	             &replica->applied, memory_order_relaxed);
	        at < head; at++)
		replica_free_key(map->backing->shard[0].inner->extra->shape,
		        &replica->log[at % LOCAL_CACHE_LOG]);
	free(replica->readers);
	if (replica->map)
		ops.destroy(replica->map);
	free(replica);
	map->replica = NULL;
}

/* Returns false if memory runs out or no thread can be started; call
   replica_destroy() even then. */
static bool replica_create(
        struct cached_map *map, const struct rm_sizing *sizing)
{
	const size_t readers = sizing->threads * sizeof(struct replica_reader);
	struct replica *replica =
	        aligned_alloc(2 * RM_CACHE_LINE, sizeof(*replica));

	map->replica = replica;
	if (!replica)
		return false;
	memset((void *)replica, 0, offsetof(struct replica, log));
	atomic_init(&replica->current_ns, callback_now(map));
	replica->map = ops.create(sizing);
	replica->readers = aligned_alloc(2 * RM_CACHE_LINE, readers);
	if (!replica->map || !replica->readers)
		return false;
	memset((void *)replica->readers, 0, readers);
	replica->follower_running =
	        !pthread_create(&replica->follower, NULL, replica_follow, map);
	return replica->follower_running;
}

RM_HOT struct replica_line *replica_line_of(struct cache *cache, uint64_t hash)
{
	return &cache->reader->lines[hash % LOCAL_CACHE_LINES];
}

/* From now on, this thread reads keys of this line from the replica only if the
   replica has all writes before this position. Otherwise it reads the
   primary. */
RM_HOT void replica_require(
        struct cache *cache, uint64_t hash, uint64_t position)
{
	struct replica_line *line = replica_line_of(cache, hash);

	if (line->min_applied < position)
		line->min_applied = position;
}

static RM_COLD void replica_require_all(struct cache *cache, uint64_t position)
{
	for (uint64_t i = 0; i < LOCAL_CACHE_LINES; i++)
		replica_require(cache, i, position);
}

/* Makes space in the full log by applying its oldest writes. The caller holds
   the primary's lock. */
static RM_COLD void replica_free_slots(struct cached_map *map, uint64_t head)
{
	rm_stat_own(&map->replica->log_full, 1);
	replica_apply(map, head, REPLICA_BATCH);
}

/* Logs the result of a write of this key. Called under the primary's lock,
   before log_head is advanced. */
RM_HOT void replica_log(struct cache *cache, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	struct cached_map *map = cache->map;
	struct replica *replica = map->replica;
	/* relaxed: written under the primary's lock */
	const uint64_t head =
	        atomic_load_explicit(&map->log_head, memory_order_relaxed);
	struct replica_write *write = &replica->log[head % LOCAL_CACHE_LOG];

	if (__builtin_expect(
	            head - replica_applied(replica) >= LOCAL_CACHE_LOG, 0))
		replica_free_slots(map, head);
	write->key = key;
	if (shape.str) {
		char *bytes = write->bytes;

		if (key.length > LOCAL_CACHE_KEY_BYTES &&
		        !(bytes = malloc(key.length)))
			gomap_no_memory();
		if (key.length)
			memcpy(bytes, key.bytes, key.length);
		write->key.bytes = bytes;
	}
	write->present = gomap_lookup(
	        map->backing->shard[0].inner, shape, key, &write->value);
	replica_require(cache, hash, head + 1);
}

/* Clears the replica and empties the log. The position of the log advances by
   its whole length, so that caches drop everything. The caller holds the
   primary's lock. */
static void replica_clear(struct cached_map *map)
{
	struct replica *replica = map->replica;
	struct shard *shard = &replica->map->shard[0];
	/* relaxed: written under the primary's lock */
	const uint64_t head =
	        atomic_load_explicit(&map->log_head, memory_order_relaxed);

	replica_apply(map, head, LOCAL_CACHE_LOG);
	guard_write(&shard->guard);
	gomap_clear(shard->inner, shard->inner->extra->shape);
	/* both release: pair with the acquires in cache_catch_up() and
	   replica_applied() */
	atomic_store_explicit(
	        &map->log_head, head + LOCAL_CACHE_LOG, memory_order_release);
	atomic_store_explicit(&replica->applied, head + LOCAL_CACHE_LOG,
	        memory_order_release);
	guard_write_end(&shard->guard);
}

/* Reads the primary, because the replica lacks a write that must be seen. */
static RM_COLD bool replica_read_primary(struct cache *cache,
        struct rm_shape shape, struct rm_key key, uint64_t hash,
        struct rm_value *value)
{
	struct cached_map *map = cache->map;
	struct shard *shard = &map->backing->shard[0];

	rm_stat_own(&cache->reader->primary_reads, 1);
	guard_read(&shard->guard, cache);
	const bool was_there = gomap_lookup(shard->inner, shape, key, value);
	/* relaxed: the value cannot change while the lock is held */
	replica_require(cache, hash,
	        atomic_load_explicit(&map->log_head, memory_order_relaxed));
	guard_read_end(&shard->guard, cache);
	cache->reader->lag_ns = 0;
	return was_there;
}

/* Handles a read that misses the cache. The caller has read `now_ns` before. */
RM_HOT bool replica_read(struct cache *cache, struct rm_shape shape,
        struct rm_key key, uint64_t hash, uint64_t now_ns,
        struct rm_value *value)
{
	struct replica *replica = cache->map->replica;
	struct shard *shard = &replica->map->shard[0];
	struct replica_reader *reader = cache->reader;

	if (__builtin_expect(replica_applied(replica) <
	                             replica_line_of(cache, hash)->min_applied,
	            0))
		return replica_read_primary(cache, shape, key, hash, value);
	/* acquire: makes the writes visible; pairs with the release in
	   replica_pass() */
	const uint64_t current_ns = atomic_load_explicit(
	        &replica->current_ns, memory_order_acquire);

	reader->lag_ns = now_ns > current_ns ? now_ns - current_ns : 0;
	rm_stat_max(&reader->lag_max_ns, reader->lag_ns);
	RM_STAT_OWN(reader->replica_reads, 1);
	guard_read(&shard->guard, cache);
	const bool was_there = gomap_lookup(shard->inner, shape, key, value);
	guard_read_end(&shard->guard, cache);
	return was_there;
}

/* Stores the lag of the replica when the line was filled. */
RM_HOT void replica_record_fill(struct cache *cache, uint64_t hash)
{
	replica_line_of(cache, hash)->lag_ns = cache->reader->lag_ns;
}

/* Records the staleness of a hit on a line of this age. */
RM_HOT void replica_count_hit(
        struct cache *cache, uint64_t hash, uint64_t age_ns)
{
	rm_stat_max(&cache->reader->staleness_max_ns,
	        age_ns + replica_line_of(cache, hash)->lag_ns);
}

/* Records the staleness of an answer that did not come from a cache line. */
RM_HOT void replica_count_miss(struct cache *cache)
{
	rm_stat_max(&cache->reader->staleness_max_ns, cache->reader->lag_ns);
}

#endif /* RM_LOCAL_CACHE_REPLICA_H */
