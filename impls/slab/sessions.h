/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.h - sessions by key, each with its own state.
 *
 * The first write of a key opens its session and remove closes it; a lookup
 * reads the first slot of its state. The opener may keep the session's address
 * and use the state directly (session_read(), session_write()) until it closes
 * it, as connection handlers do.
 *
 * The directory is a fixed table of chains through the records themselves,
 * sized for the maximum number of keys, under 64 RWMutexes. The directory
 * allocates nothing, so only allocations of the state are counted. (The
 * article's directory is a sync.Map, which allocates an entry and a box for
 * each new key: sessions_syncmap.h.)
 *
 * This is a template: the includer defines SESSION_STATE, the path of
 * session_slab.h or session_boxed.h.
 */
#ifndef RM_SESSIONS_H
#define RM_SESSIONS_H

#include "impls/support/hash.h"
#include "impls/support/lock_go.h"
#include "impls/support/no_handle.h"

#include SESSION_STATE

#include <stdio.h>

enum { SESSION_STRIPES = 64 };

struct session_stripe {
	_Alignas(2 * RM_CACHE_LINE) struct go_rwmutex lock;
	size_t open; /* number of sessions; protected by the lock */
};

struct sessions {
	struct session_stripe stripes[SESSION_STRIPES];
	struct session_pool pool;
	struct rm_shape shape;
	uint64_t seed, mask;      /* mask: buckets - 1; buckets >= stripes */
	struct session **buckets; /* each is protected by its stripe's lock */
};

static void sessions_destroy(void *opaque)
{
	struct sessions *map = opaque;

	for (size_t i = 0; map->buckets && i <= map->mask; i++)
		while (map->buckets[i]) {
			struct session *session = map->buckets[i];

			map->buckets[i] = session->next;
			session_put(&map->pool, session);
		}
	session_pool_destroy(&map->pool);
	free(map->buckets);
	free(map);
}

/* Sizes the table for `keys`, even if `presize` is false. The table never
   grows; both maps have RM_CAP_FIXED_SIZE. */
static void *sessions_create(const struct rm_sizing *sizing)
{
	struct sessions *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));
	uint64_t buckets = SESSION_STRIPES;

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	while (buckets < sizing->keys)
		buckets *= 2;
	map->shape = sizing->shape;
	map->seed = sizing->seed;
	map->mask = buckets - 1;
	session_pool_create(&map->pool);
	map->buckets = calloc(buckets, sizeof(struct session *));
	if (map->buckets)
		return map;
	sessions_destroy(map);
	return NULL;
}

/* The place of a key's session, which need not be present. */
struct session_place {
	struct go_rwmutex *lock;
	size_t *open;
	struct session **bucket;
};

RM_HOT struct session_place session_place(
        struct sessions *map, struct rm_shape shape, struct rm_key key)
{
	const uint64_t bucket = rm_hash(shape, key, map->seed) & map->mask;
	struct session_stripe *stripe = &map->stripes[bucket % SESSION_STRIPES];

	return (struct session_place){ &stripe->lock, &stripe->open,
		&map->buckets[bucket] };
}

/* Returns the link that points to the key's session, or the NULL link at the
   end of the chain. */
RM_HOT struct session **session_find(
        struct session **link, struct rm_shape shape, struct rm_key key)
{
	while (*link && !session_key_equals(&(*link)->key, shape, key))
		link = &(*link)->next;
	return link;
}

/* Opens a session with this value. The caller holds the lock. */
RM_HOT struct session *session_open(struct sessions *map,
        const struct session_place *place, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	struct session *session = session_get(&map->pool);

	session_key_copy(&session->key, shape, key);
	session_store(session, shape, value);
	session->next = *place->bucket;
	*place->bucket = session;
	++*place->open;
	return session;
}

/* Removes the session that `link` points to. The caller holds the lock. */
RM_HOT void session_close(struct sessions *map,
        const struct session_place *place, struct session **link)
{
	struct session *session = *link;

	*link = session->next;
	--*place->open;
	session_put(&map->pool, session);
}

/* The interface that sessions_loop.h requires of a directory. */
static struct rm_shape sessions_shape(void *thread)
{
	return ((struct sessions *)thread)->shape;
}

static struct session *sessions_open(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	const struct session_place place = session_place(thread, shape, key);
	struct session *session;

	lock_go_to_write(place.lock);
	session = session_open(thread, &place, shape, key, value);
	go_rwmutex_unlock(place.lock);
	return session;
}

static bool sessions_close(void *thread, struct rm_shape shape,
        struct rm_key key, const struct session *session)
{
	const struct session_place place = session_place(thread, shape, key);

	lock_go_to_write(place.lock);
	struct session **link = session_find(place.bucket, shape, key);
	const bool found = *link == session;

	if (found)
		session_close(thread, &place, link);
	go_rwmutex_unlock(place.lock);
	return found;
}

RM_HOT void sessions_quiesce(void *thread)
{
	nothing(thread);
}

#include "impls/slab/sessions_ops.h"

#include "impls/slab/sessions_loop.h"

/* Members of struct rm_impl that these maps share. */
#define SESSIONS_MAP                                                \
	.family = "lock", .sync = "go-rwmutex", .system = "M10",    \
	.caps = RM_CAP_FIXED_SIZE, .guarantees = "once-if-present", \
	.progress = "blocking", .loops = sessions_loops,            \
	.open = life_open_all, .close = life_close_all

#endif /* RM_SESSIONS_H */
