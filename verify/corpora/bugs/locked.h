/* SPDX-License-Identifier: Apache-2.0 */
/* locked.h - shards of linear probing, each under a reader-writer lock: the
 * correct map into which bugs in the use of a lock are inserted. */
#ifndef RM_BUG_LOCKED_H
#define RM_BUG_LOCKED_H

#include "impls/bound/probe.h"
#include "verify/corpora/bugs/bug.h"

enum { SHARDS = 4 };

#define SLOT RM_U64X8

/* Hook: called under the shard's lock when the number of entries changes. */
#ifndef LOCKED_COUNT
#define LOCKED_COUNT(map, shard, change)
#endif

struct shard {
	_Alignas(RM_CACHE_LINE) pthread_rwlock_t lock;
	struct probe table;
	size_t size; /* used by folly_1280.c */
};

struct locked {
	struct shard shards[SHARDS];
	_Atomic size_t count; /* used by flurry_86.c */
};

RM_HOT struct shard *shard_of(void *thread, struct rm_key key)
{
	struct locked *map = thread;

	return map->shards + (hash_of(key) >> 40) % SHARDS;
}

/* The following functions are called under the shard's lock. */

/* Returns the key's slot, or NULL. */
RM_HOT uint64_t *find(struct shard *shard, struct rm_key key)
{
	uint64_t *slot = probe_find(
	        &shard->table, SLOT, probe_tag(&shard->table, SLOT, key), key);

	return slot[PROBE_TAG] ? slot : NULL;
}

RM_HOT uint64_t *value_of(uint64_t *slot)
{
	return slot + probe_value_at(SLOT);
}

RM_HOT void claim(struct shard *shard, struct rm_key key, uint64_t word)
{
	const uint64_t tag = probe_tag(&shard->table, SLOT, key);

	*value_of(probe_claim(&shard->table, SLOT, tag, key)) = word;
}

RM_HOT bool base_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_rdlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (slot)
		store_result(value, *value_of(slot));
	pthread_rwlock_unlock(&shard->lock);
	return slot;
}

static inline bool base_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_wrlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (slot) {
		store_result(old, *value_of(slot));
		*value_of(slot) = value->word[0];
	} else {
		claim(shard, key, value->word[0]);
		LOCKED_COUNT((struct locked *)thread, shard, 1);
	}
	pthread_rwlock_unlock(&shard->lock);
	return slot;
}

static inline bool base_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_wrlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (slot) {
		store_result(old, *value_of(slot));
		probe_vacate(&shard->table, SLOT, slot);
		LOCKED_COUNT((struct locked *)thread, shard, -1);
	}
	pthread_rwlock_unlock(&shard->lock);
	return slot;
}

/* `kind` is the kind of lock, as in pthread_rwlockattr_setkind_np(). */
static inline void *locked_create(const struct rm_sizing *sizing, int kind)
{
	struct rm_sizing own = *sizing;
	struct locked *map = bug_alloc_lines(sizeof(*map));
	pthread_rwlockattr_t attributes;

	own.shape = SLOT;
	own.presize = false;
	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(&attributes, kind);
	for (int i = 0; i < SHARDS; i++) {
		pthread_rwlock_init(&map->shards[i].lock, &attributes);
		if (probe_init(&map->shards[i].table, &own))
			abort();
	}
	pthread_rwlockattr_destroy(&attributes);
	return map;
}

static inline void *base_create(const struct rm_sizing *sizing)
{
	return locked_create(sizing, PTHREAD_RWLOCK_PREFER_READER_NP);
}

static inline void base_destroy(void *opaque)
{
	struct locked *map = opaque;

	for (int i = 0; i < SHARDS; i++) {
		pthread_rwlock_destroy(&map->shards[i].lock);
		probe_free(&map->shards[i].table, SLOT);
	}
	free(map);
}

#define BUG_SYNC    "rwlock per shard"
#define BUG_DESTROY base_destroy

#endif /* RM_BUG_LOCKED_H */
