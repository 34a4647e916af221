/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions_syncmap.h - sessions by key in a sync.Map, pooled slabs each: the
 * design of article S0 as it is.
 *
 * The directory is a sync.Map from key to record. A lookup by key takes no
 * lock once its key is promoted; a session that opens and closes costs what a
 * new key and its removal cost a sync.Map: entry, box, its share of a dirty
 * map. Record and slots come from the pool and cost no allocator call.
 *
 * A record goes back to the pool when its session closes, and may belong to
 * another key a moment later, while a reader still holds its address. So the
 * directory has a record's address and its generation, and closing counts the
 * generation up. Who has read a slot looks whether the generation is the one
 * that it found; if it is not, the key was taken out meanwhile, and absent is
 * a right answer. Records are freed with the map only.
 *
 * By key: a write holds its key's stripe, since what it finds must not be
 * closed before it is written. A value is one slot. Who holds a session by
 * address opens and closes it without a stripe: nobody else writes its key.
 *
 * As sessions.h, which has another directory: one of the two is included.
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
	struct syncmap *directory; /* constants from here on */
	struct epoch *epoch;
	struct session_thread *threads; /* by slot */
	struct rm_shape shape;
	uint64_t seed;
};

/* The directory's values: a record's address and its generation. */
RM_HOT struct rm_shape session_words(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, RM_VALUE_LONG };
}

RM_HOT struct session *session_at(const struct rm_value *entry)
{
	return (struct session *)(uintptr_t)entry->word[0];
}

/* What the directory says of a key. False: it has no session. */
RM_HOT bool session_find(struct session_thread *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *entry)
{
	return syncmap_lookup(
	        &thread->directory, session_words(shape), key, entry);
}

/* The value of a session that others may close. False: it was closed. */
RM_HOT bool session_seen(const struct rm_value *entry, struct rm_value *value)
{
	struct session *session = session_at(entry);
	uint64_t word;

	/* relaxed: who has read a word of the record's next session has
	   acquired that this one was closed, see slab_fill() */
	if (!session_read(session, 0, &word) ||
	        atomic_load_explicit(&session->generation,
	                memory_order_relaxed) != entry->word[1])
		return false;
	value->word[0] = word;
	return true;
}

/* A new session with this value. Nobody else writes the key. */
RM_HOT struct session *session_open(struct session_thread *thread,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct session *session = session_get(&thread->map->pool);
	/* relaxed: the pool's lock orders it */
	const struct rm_value entry = { { (uintptr_t)session,
		atomic_load_explicit(
		        &session->generation, memory_order_relaxed) } };

	session_store(session, shape, value);
	syncmap_upsert(&thread->directory, session_words(shape), key, &entry);
	return session;
}

/* Takes the key's session out and returns where it was, or NULL. Nobody else
   writes the key. */
RM_HOT struct session *session_close(
        struct session_thread *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_value entry;

	if (!syncmap_take(
	            &thread->directory, session_words(shape), key, &entry))
		return NULL;
	/* relaxed: the pool's lock orders it before the next session */
	atomic_store_explicit(&session_at(&entry)->generation,
	        entry.word[1] + 1, memory_order_relaxed);
	session_put(&thread->map->pool, session_at(&entry));
	return session_at(&entry);
}

/* What sessions_loop.h asks of a directory. */
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

#include "impls/slab/sessions_syncmap_ops.h"

#include "impls/slab/sessions_syncmap_life.h"

#include "impls/slab/sessions_loop.h"

#endif /* RM_SESSIONS_SYNCMAP_H */
