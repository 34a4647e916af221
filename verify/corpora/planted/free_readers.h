/* SPDX-License-Identifier: Apache-2.0 */
/* free_readers.h - the map for bugs in memory order: lookups do not lock, and
 * writers use a spin lock per bucket. Nodes and boxes of values are kept until
 * destroy, so only memory order can be wrong. Keys are u64. A fixture defines
 * the orders PUBLISH (of a new box in its node) and UNLOCK before it includes
 * this, and WITHOUT_LOCK if writers do not lock either. */
#ifndef RM_FREE_READERS_H
#define RM_FREE_READERS_H

#ifndef WITHOUT_LOCK
#define WITHOUT_LOCK 0
#endif

#include "verify/corpora/planted/planted.h"

enum { BUCKETS = 4096 };

/* The value of a key. It never changes after a lookup can see it. */
struct box {
	struct rm_value value;
	struct box *older; /* list of all boxes of the bucket */
};

struct chain {
	uint64_t key;
	struct box *_Atomic box; /* NULL: absent */
	struct chain *next;      /* never changes */
};

/* Writers of one bucket exclude each other. One lock for the whole map would
 * hide the bug: a thread that gets a lock sees all writes before its release.
 * The lock is not on a cache line that lookups read, because fetching that line
 * would take longer than a store stays in the buffer of most CPUs. */
struct bucket {
	_Alignas(RM_CACHE_LINE) atomic_bool locked;
	struct box *boxes;
	_Alignas(RM_CACHE_LINE) struct chain *_Atomic chain;
};

struct free_readers {
	struct bucket buckets[BUCKETS];
};

static void lock(struct bucket *bucket)
{
	/* acquire: pairs with the store in unlock() */
	while (!WITHOUT_LOCK && atomic_exchange_explicit(&bucket->locked, true,
	                                memory_order_acquire))
		sched_yield();
}

static void unlock(struct bucket *bucket)
{
	/* pairs with the acquire in lock() */
	atomic_store_explicit(&bucket->locked, false, UNLOCK);
}

RM_HOT struct bucket *bucket_of(void *thread, struct rm_key key)
{
	struct free_readers *map = thread;

	return map->buckets + rm_hash(RM_U64X8, key, 0) % BUCKETS;
}

RM_HOT struct chain *chain_of(struct bucket *bucket, struct rm_key key)
{
	/* acquire: pairs with the release in link_new() */
	struct chain *chain =
	        atomic_load_explicit(&bucket->chain, memory_order_acquire);

	while (chain && chain->key != key.word)
		chain = chain->next;
	return chain;
}

static RM_COLD struct chain *link_new(struct bucket *bucket, struct rm_key key)
{
	struct chain *chain = xcalloc(1, sizeof(*chain));

	chain->key = key.word;
	/* relaxed: under the lock */
	chain->next =
	        atomic_load_explicit(&bucket->chain, memory_order_relaxed);
	/* release: pairs with the acquire in chain_of() */
	atomic_store_explicit(&bucket->chain, chain, memory_order_release);
	return chain;
}

RM_HOT bool free_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct chain *chain = chain_of(bucket_of(thread, key), key);
	struct box *box;

	if (!chain)
		return false;
	/* acquire: pairs with PUBLISH in replace() */
	box = atomic_load_explicit(&chain->box, memory_order_acquire);
	if (box)
		copy(shape, value, &box->value);
	return box;
}

/* Stores `box` for the key, or removes the key if `box` is NULL; returns the
 * old box. */
RM_HOT struct box *replace(
        struct bucket *bucket, struct rm_key key, struct box *box)
{
	struct box *old;

	lock(bucket);
	struct chain *chain = chain_of(bucket, key);

	if (!chain)
		chain = link_new(bucket, key);
	/* relaxed: only writers store here, and they hold the lock */
	old = atomic_load_explicit(&chain->box, memory_order_relaxed);
	if (box) {
		box->older = bucket->boxes;
		bucket->boxes = box;
	}
	/* pairs with the acquire in free_lookup() */
	atomic_store_explicit(&chain->box, box, PUBLISH);
	unlock(bucket);
	return old;
}

RM_HOT bool free_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct box *box = xcalloc(1, sizeof(*box));

	copy(shape, &box->value, value);
	box = replace(bucket_of(thread, key), key, box);
	if (box && old)
		copy(shape, old, &box->value);
	return box;
}

RM_HOT bool free_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct box *box = replace(bucket_of(thread, key), key, NULL);

	if (box && old)
		copy(shape, old, &box->value);
	return box;
}

static void *free_create(const struct rm_sizing *sizing)
{
	struct free_readers *map = aligned_alloc(RM_CACHE_LINE, sizeof(*map));

	(void)sizing;
	if (!map)
		abort();
	memset(map, 0, sizeof(*map));
	return map;
}

static void free_destroy(void *opaque)
{
	struct free_readers *map = opaque;

	for (int i = 0; i < BUCKETS; i++) {
		struct bucket *bucket = map->buckets + i;
		/* relaxed: no other thread uses the map */
		struct chain *chain = atomic_load_explicit(
		        &bucket->chain, memory_order_relaxed);

		for (struct box *box = bucket->boxes, *older; box;
		        box = older) {
			older = box->older;
			free(box);
		}
		for (struct chain *next; chain; chain = next) {
			next = chain->next;
			free(chain);
		}
	}
	free(map);
}

#define PLANTED_LOOKUP   free_lookup
#define PLANTED_EXCHANGE free_exchange
#define PLANTED_TAKE     free_take
#define PLANTED_INSERT   NULL
#define PLANTED_CREATE   free_create
#define PLANTED_DESTROY  free_destroy
#define PLANTED_SYNC     "bucket locks, leak"

#endif /* RM_FREE_READERS_H */
