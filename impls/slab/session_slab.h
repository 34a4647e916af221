/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_slab.h - the state of a session is a slab of 256 words and a length,
 * from a pool. It is one of the states for sessions.h.
 *
 * A slot is claimed by incrementing the length (compare and swap), then
 * written, then marked ready. The article does not mark slots, so a reader that
 * trusts the length may find a value of the slab's previous session.
 *
 * Slabs are allocated 32 at a time, live until the map is destroyed and return
 * to the pool when their session closes. So the allocator is called only while
 * the number of open sessions reaches a new maximum.
 */
#ifndef RM_SESSION_SLAB_H
#define RM_SESSION_SLAB_H

#include "impls/slab/session_key.h"
#include "impls/support/lock_pthread.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SLAB_WORDS = 256, SLAB_CHUNK = 32, SLAB_MARK_BITS = 64 };

struct session {
	/* next session in the chain or in the pool */
	_Alignas(RM_CACHE_LINE) struct session *next;
	struct session_key key;
	/* number of closes; counted only if the directory is read without a
	   lock (sessions_syncmap.h) */
	_Atomic uint64_t generation;
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t used; /* slots claimed */
	_Atomic uint64_t ready[SLAB_WORDS / SLAB_MARK_BITS];
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t words[SLAB_WORDS];
};

struct session_chunk {
	struct session_chunk *next;
	struct session sessions[SLAB_CHUNK];
};

struct session_pool {
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t lock;
	struct session *first;        /* protected by the lock */
	struct session_chunk *chunks; /* protected by the lock */
	uint64_t chunk_count;
};

static inline void session_pool_create(struct session_pool *pool)
{
	pthread_mutex_init(&pool->lock, NULL);
}

static inline void session_pool_destroy(struct session_pool *pool)
{
	while (pool->chunks) {
		struct session_chunk *chunk = pool->chunks;

		pool->chunks = chunk->next;
		free(chunk);
	}
	pthread_mutex_destroy(&pool->lock);
}

/* The caller holds the lock. */
static RM_COLD void session_pool_grow(struct session_pool *pool)
{
	struct session_chunk *chunk =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*chunk));

	if (!chunk)
		gomap_no_memory();
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->chunk_count++;
	for (size_t i = 0; i < SLAB_CHUNK; i++) {
		struct session *session = &chunk->sessions[i];

		/* the words stay uninitialised: no slot is ready */
		memset(session, 0, offsetof(struct session, words));
		session->next = pool->first;
		pool->first = session;
	}
}

/* Returns a session without a key and with all slots free. */
static inline struct session *session_get(struct session_pool *pool)
{
	struct session *session;

	lock_mutex(&pool->lock);
	if (__builtin_expect(!pool->first, 0))
		session_pool_grow(pool);
	session = pool->first;
	pool->first = session->next;
	pthread_mutex_unlock(&pool->lock);
	return session;
}

/* Returns an unused session to the pool; its slots become unready. */
static inline void session_put(
        struct session_pool *pool, struct session *session)
{
	session_key_free(&session->key);
	/* both relaxed: the pool's lock orders them before the next owner */
	atomic_store_explicit(&session->used, 0, memory_order_relaxed);
	for (size_t i = 0; i < SLAB_WORDS / SLAB_MARK_BITS; i++)
		atomic_store_explicit(
		        &session->ready[i], 0, memory_order_relaxed);
	lock_mutex(&pool->lock);
	session->next = pool->first;
	pool->first = session;
	pthread_mutex_unlock(&pool->lock);
}

/* Claims the next slot, still unwritten. Returns SLAB_WORDS if full. */
RM_HOT unsigned slab_claim(struct session *session)
{
	/* all relaxed: the mark publishes the slot, not this number */
	uint32_t used =
	        atomic_load_explicit(&session->used, memory_order_relaxed);

	while (used < SLAB_WORDS &&
	        !atomic_compare_exchange_weak_explicit(&session->used, &used,
	                used + 1, memory_order_relaxed, memory_order_relaxed))
		;
	return used;
}

/* Writes a claimed slot and marks it as ready. */
RM_HOT void slab_fill(struct session *session, unsigned slot, uint64_t word)
{
	/* both release: pair with the acquires in session_read(). A thread
	   that reads either one also sees that the record was closed and opened
	   again. */
	atomic_store_explicit(
	        &session->words[slot], word, memory_order_release);
	atomic_fetch_or_explicit(&session->ready[slot / SLAB_MARK_BITS],
	        (uint64_t)1 << slot % SLAB_MARK_BITS, memory_order_release);
}

/* Reads one slot, without a lock. Returns false if it is not ready. */
RM_HOT bool session_read(struct session *session, unsigned slot, uint64_t *word)
{
	/* acquire: pairs with the release in slab_fill() */
	if (!(atomic_load_explicit(&session->ready[slot / SLAB_MARK_BITS],
	              memory_order_acquire) >>
	                    slot % SLAB_MARK_BITS &
	            1))
		return false;
	/* acquire: pairs with the release of its writer */
	*word = atomic_load_explicit(
	        &session->words[slot], memory_order_acquire);
	return true;
}

/* Writes a slot: one that is ready, or the next free one. */
RM_HOT void session_write(struct session *session, unsigned slot, uint64_t word)
{
	/* relaxed: slots are claimed by one thread, or under a lock; release:
	   pairs with the acquire in session_read() */
	if (slot < atomic_load_explicit(&session->used, memory_order_relaxed))
		atomic_store_explicit(
		        &session->words[slot], word, memory_order_release);
	else if (slab_claim(session) == slot)
		slab_fill(session, slot, word);
}

/* The session's value in the map is in its first slot, or in its first
   three. */
RM_HOT void session_store(struct session *session, struct rm_shape shape,
        const struct rm_value *value)
{
	for (unsigned i = 0; i < shape.value_bytes / 8; i++)
		session_write(session, i, value->word[i]);
}

/* The caller holds the lock that session_store() needs, so the slots are
   ready. */
RM_HOT bool session_load(
        struct session *session, struct rm_shape shape, struct rm_value *value)
{
	for (unsigned i = 0; i < shape.value_bytes / 8; i++)
		/* relaxed: ordered by the lock */
		value->word[i] = atomic_load_explicit(
		        &session->words[i], memory_order_relaxed);
	return true;
}

/* Describes what is wrong with an open session, or returns NULL. No other
   thread may use the session. */
static inline const char *session_check_state(
        struct session *session, struct rm_shape shape)
{
	/* relaxed: no other thread uses it */
	const uint32_t used =
	        atomic_load_explicit(&session->used, memory_order_relaxed);
	uint32_t marks = 0;
	uint64_t word;

	for (unsigned slot = 0; slot < SLAB_WORDS; slot++)
		marks += session_read(session, slot, &word);
	if (marks != used)
		return "a slot is claimed and not ready";
	return used < shape.value_bytes / 8 ? "a session has no value" : NULL;
}

static inline void session_pool_stats(
        struct session_pool *pool, rm_stat_fn *emit, void *context)
{
	pthread_mutex_lock(&pool->lock);
	emit(context, "pool_sessions", "1",
	        (double)(pool->chunk_count * SLAB_CHUNK));
	emit(context, "pool_bytes", "bytes",
	        (double)(pool->chunk_count * sizeof(struct session_chunk)));
	pthread_mutex_unlock(&pool->lock);
}

#endif /* RM_SESSION_SLAB_H */
