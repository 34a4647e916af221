/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions_syncmap.h - sessions by key in a sync.Map, with pooled slabs: the
 * design of article S0, unchanged.
 *
 * The directory is a sync.Map from key to record. A lookup by key takes no lock
 * once its key is promoted. Opening and closing a session costs as much as
 * inserting and removing a key of a sync.Map: an entry, a box and a share of a
 * dirty map. Record and slots come from the pool, without an allocator call.
 *
 * A record returns to the pool when its session closes and may soon belong to
 * another key, while a reader still holds its address. So the directory stores
 * a record's address and generation, and closing increments the generation.
 * After reading a slot, a reader compares the generation with the one that it
 * found. If they differ, the key was removed in the meantime, so "absent" is a
 * correct answer. Records are freed only with the map.
 *
 * With operations by key, a write holds the lock of its key's stripe, because
 * the session that it finds must not be closed before it is written. A value is
 * one slot. A thread that holds a session by address opens and closes it
 * without a stripe, as no other thread writes its key.
 *
 * This is an alternative to sessions.h with another directory; a map includes
 * one of the two.
 */
#ifndef RM_SESSIONS_SYNCMAP_H
#define RM_SESSIONS_SYNCMAP_H

#define SYNCMAP_MEMBERS
#include "impls/syncmap/syncmap.h"

#include "impls/slab/session_slab.h"
#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"

#include <stdio.h>

enum { SESSION_STRIPES = 64 };

struct session_stripe {
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t lock;
};

/* A thread's handle. */
struct session_thread {
	struct sessions *map;
	struct epoch_record *record;
	struct syncmap_member directory;
};

struct sessions {
	struct session_stripe stripes[SESSION_STRIPES];
	struct session_pool pool;
	struct syncmap *directory; /* the members below are constant */
	struct epoch *epoch;
	struct session_thread *threads; /* indexed by slot */
	struct rm_shape shape;
	uint64_t seed;
};

/* Returns the shape of the directory's values. Each holds the address and the
   generation of a record. */
RM_HOT struct rm_shape session_entry_shape(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, RM_VALUE_LONG };
}

RM_HOT struct session *session_at(const struct rm_value *entry)
{
	return (struct session *)(uintptr_t)entry->word[0];
}

/* Looks a key up in the directory. Returns false if there is no session. */
RM_HOT bool session_find(struct session_thread *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *entry)
{
	return syncmap_lookup(
	        &thread->directory, session_entry_shape(shape), key, entry);
}

/* Reads the value of a session that other threads may close. Returns false if
   it was closed. */
RM_HOT bool session_read_value(
        const struct rm_value *entry, struct rm_value *value)
{
	struct session *session = session_at(entry);
	uint64_t word;

	/* relaxed: a thread that has read a word of the record's next session
	   has acquired the close of this one; see slab_fill() */
	if (!session_read(session, 0, &word) ||
	        atomic_load_explicit(&session->generation,
	                memory_order_relaxed) != entry->word[1])
		return false;
	value->word[0] = word;
	return true;
}

/* Opens a session with this value. No other thread writes the key. */
RM_HOT struct session *session_open(struct session_thread *thread,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct session *session = session_get(&thread->map->pool);
	/* relaxed: ordered by the pool's lock */
	const struct rm_value entry = { { (uintptr_t)session,
		atomic_load_explicit(
		        &session->generation, memory_order_relaxed) } };

	session_store(session, shape, value);
	syncmap_upsert(
	        &thread->directory, session_entry_shape(shape), key, &entry);
	return session;
}

/* Removes the key's session. Returns the session's old address, or NULL. No
   other thread writes the key. */
RM_HOT struct session *session_close(
        struct session_thread *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_value entry;

	if (!syncmap_take(&thread->directory, session_entry_shape(shape), key,
	            &entry))
		return NULL;
	/* relaxed: the pool's lock orders it before the next session */
	atomic_store_explicit(&session_at(&entry)->generation,
	        entry.word[1] + 1, memory_order_relaxed);
	session_put(&thread->map->pool, session_at(&entry));
	return session_at(&entry);
}

/* The interface that sessions_loop.h requires of a directory. */
static struct rm_shape sessions_shape(void *thread)
{
	return ((struct session_thread *)thread)->map->shape;
}

static struct session *sessions_open(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	struct session_thread *thread = opaque;
	struct session *session = session_open(thread, shape, key, value);

	epoch_settle(thread->record);
	return session;
}

static bool sessions_close(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct session *session)
{
	struct session_thread *thread = opaque;
	const bool found = session_close(thread, shape, key) == session;

	epoch_settle(thread->record);
	return found;
}

RM_HOT void sessions_quiesce(void *thread)
{
	epoch_quiesce(((struct session_thread *)thread)->record);
}

RM_HOT bool sessions_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct rm_value entry;

	return session_find(thread, shape, key, &entry) &&
	       session_read_value(&entry, value);
}

/* Locks the key's stripe, so that other threads do not close its session. */
RM_HOT pthread_mutex_t *session_lock(
        struct session_thread *thread, struct rm_shape shape, struct rm_key key)
{
	struct sessions *map = thread->map;
	const uint64_t hash = rm_hash(shape, key, map->seed);
	pthread_mutex_t *lock = &map->stripes[hash % SESSION_STRIPES].lock;

	lock_mutex(lock);
	return lock;
}

/* Ends a write. Unlocks first, because it may wait for memory. */
RM_HOT void session_unlock(struct session_thread *thread, pthread_mutex_t *lock)
{
	pthread_mutex_unlock(lock);
	epoch_settle(thread->record);
}

RM_HOT bool sessions_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there && old)
		session_load(session_at(&entry), shape, old);
	if (was_there)
		session_store(session_at(&entry), shape, value);
	else
		session_open(thread, shape, key, value);
	session_unlock(thread, lock);
	return was_there;
}

RM_HOT bool sessions_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there && old)
		session_load(session_at(&entry), shape, old);
	if (was_there)
		session_close(thread, shape, key);
	session_unlock(thread, lock);
	return was_there;
}

static bool sessions_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there)
		session_load(session_at(&entry), shape, present);
	else
		session_open(thread, shape, key, value);
	session_unlock(thread, lock);
	return was_there;
}

static bool sessions_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry, present = { { 0 } };
	bool swaps = false;

	if (session_find(thread, shape, key, &entry)) {
		session_load(session_at(&entry), shape, &present);
		swaps = present.word[0] == expected->word[0];
	}
	if (swaps)
		session_store(session_at(&entry), shape, value);
	session_unlock(thread, lock);
	return swaps;
}

struct session_visit {
	rm_scan_fn *fn;
	void *context;
};

static bool session_visit(
        void *context, struct rm_key key, const struct rm_value *entry)
{
	const struct session_visit *visit = context;
	struct rm_value value = { { 0 } };

	/* a session that was closed in the meantime is skipped */
	return !session_read_value(entry, &value) ||
	       visit->fn(visit->context, key, &value);
}

/* Iterates over the directory without a lock; reads each value when it is
   visited. */
static void sessions_scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct session_thread *thread = opaque;
	struct session_visit visit = { fn, context };

	syncmap_scan(&thread->directory, session_entry_shape(shape),
	        session_visit, &visit);
}

static size_t sessions_length(void *thread)
{
	return syncmap_length(&((struct session_thread *)thread)->directory);
}

static void sessions_destroy(void *opaque)
{
	struct sessions *map = opaque;

	epoch_destroy(map->epoch, map);
	if (map->directory)
		syncmap_destroy(map->directory);
	session_pool_destroy(&map->pool);
	for (size_t i = 0; i < SESSION_STRIPES; i++)
		pthread_mutex_destroy(&map->stripes[i].lock);
	free(map->threads);
	free(map);
}

static void *sessions_create(const struct rm_sizing *sizing)
{
	struct sessions *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));
	struct rm_sizing directory = *sizing;

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->shape = sizing->shape;
	map->seed = sizing->seed;
	for (size_t i = 0; i < SESSION_STRIPES; i++)
		pthread_mutex_init(&map->stripes[i].lock, NULL);
	session_pool_create(&map->pool);
	directory.shape = session_entry_shape(sizing->shape);
	map->directory = syncmap_create(&directory);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	map->threads = calloc(sizing->threads, sizeof(struct session_thread));
	if (map->directory && map->epoch && map->threads)
		return map;
	sessions_destroy(map);
	return NULL;
}

static void *sessions_join(void *opaque, size_t slot)
{
	struct sessions *map = opaque;
	struct epoch_record *record = epoch_join(map->epoch, slot, map);

	map->threads[slot] = (struct session_thread){ map, record,
		{ map->directory, record } };
	return record ? &map->threads[slot] : NULL;
}

static void sessions_leave(void *thread)
{
	epoch_leave(((struct session_thread *)thread)->record);
}

static void sessions_park(void *thread)
{
	epoch_park(((struct session_thread *)thread)->record);
}

static void sessions_unpark(void *thread)
{
	epoch_unpark(((struct session_thread *)thread)->record);
}

/* Includes the statistics of the sync.Map and the epochs. */
static void sessions_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct sessions *map = opaque;
	struct syncmap_member directory = { map->directory, NULL };

	emit(context, "sessions", "1", (double)syncmap_length(&directory));
	session_pool_stats(&map->pool, emit, context);
	syncmap_stats(map->directory, emit, context);
	epoch_stats(map->epoch, emit, context);
}

/* Checks that sessions with claimed slots are open and that all others are in
   the pool. No other thread may use the map. */
static const char *sessions_find_fault(struct sessions *map)
{
	struct syncmap_member directory = { map->directory, NULL };
	size_t records = 0, open = 0, pooled = 0;

	for (struct session_chunk *chunk = map->pool.chunks; chunk;
	        chunk = chunk->next)
		for (size_t i = 0; i < SLAB_CHUNK; i++, records++) {
			struct session *session = &chunk->sessions[i];
			const char *why =
			        session_check_state(session, map->shape);

			/* relaxed: no other thread uses it */
			if (!atomic_load_explicit(
			            &session->used, memory_order_relaxed))
				continue;
			if (why)
				return why;
			open++;
		}
	for (struct session *session = map->pool.first; session;
	        session = session->next)
		pooled++;
	if (open + pooled != records)
		return "a session is neither open nor in the pool";
	return open == syncmap_length(&directory)
	               ? NULL
	               : "the directory has another number of sessions";
}

static bool sessions_check(void *opaque, char *why, size_t size)
{
	struct sessions *map = opaque;
	const char *broken;

	if (!syncmap_check(map->directory, why, size))
		return false;
	broken = sessions_find_fault(map);
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#define SESSIONS_OPS                                                  \
	.create = sessions_create, .destroy = sessions_destroy,       \
	.join = sessions_join, .leave = sessions_leave,               \
	.lookup = sessions_lookup, .quiesce = sessions_quiesce,       \
	.park = sessions_park, .unpark = sessions_unpark,             \
	.exchange = sessions_exchange, .take = sessions_take,         \
	.insert_if_absent = sessions_insert_if_absent,                \
	.compare_swap = sessions_compare_swap, .scan = sessions_scan, \
	.length = sessions_length, .stats = sessions_stats,           \
	.check = sessions_check

#include "impls/slab/sessions_loop.h"

#endif /* RM_SESSIONS_SYNCMAP_H */
