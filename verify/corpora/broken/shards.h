/* SPDX-License-Identifier: Apache-2.0 */
/* shards.h - correct shards of a chained table, each under its guard. A file
 * with a bug replaces one of these operations. guard.h or that file defines
 * `struct guard` and its functions. */
#ifndef BROKEN_SHARDS_H
#define BROKEN_SHARDS_H

#include "verify/corpora/broken/chain.h"

#include <stdio.h>

enum { SHARDS = 4 };

struct shard {
	_Alignas(128) struct guard guard;
	struct chain chain;
};

struct map {
	struct shard shard[SHARDS];
	_Atomic int64_t count; /* modified under the lock of the key's shard */
	uint64_t seed;
	size_t threads;
};

static void shards_destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; i < SHARDS; i++) {
		chain_end(&map->shard[i].chain);
		guard_end(&map->shard[i].guard);
	}
	free(map);
}

static void *shards_create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(128, sizeof(*map));
	bool made = true;

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	atomic_init(&map->count, 0);
	map->seed = sizing->seed;
	map->threads = sizing->threads;
	for (size_t i = 0; i < SHARDS; i++) {
		guard_init(&map->shard[i].guard);
		made &= chain_init(&map->shard[i].chain,
		        sizing->presize ? sizing->keys / SHARDS : 128,
		        sizing->seed + i);
	}
	if (made)
		return map;
	shards_destroy(map);
	return NULL;
}

RM_HOT struct shard *shard_of(void *thread, struct rm_key key)
{
	struct map *map = guard_map(thread);

	return &map->shard[rm_hash(RM_U64X8, key, ~map->seed) % SHARDS];
}

RM_HOT bool shards_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);

	guard_read(&shard->guard, thread);
	const struct node *node = *chain_spot(&shard->chain, key);
	if (node)
		broken_copy(shape, value, &node->value);
	guard_leave(&shard->guard, thread);
	return node != NULL;
}

/* Stores `value` at `link`. The caller holds the lock. */
RM_HOT void shards_put(struct map *map, struct node **link,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	if (*link) {
		broken_copy(shape, &(*link)->value, value);
		return;
	}
	*link = chain_node(shape, key, value);
	atomic_fetch_add(&map->count, 1);
}

RM_HOT bool shards_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (was_there)
		broken_copy(shape, old, &(*link)->value);
	shards_put(guard_map(thread), link, shape, key, value);
	guard_leave(&shard->guard, thread);
	return was_there;
}

RM_HOT bool shards_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = guard_map(thread);
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		chain_drop(link);
		atomic_fetch_sub(&map->count, 1);
	}
	guard_leave(&shard->guard, thread);
	return was_there;
}

RM_HOT bool shards_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return shards_take(thread, shape, key, NULL);
}

static inline bool shards_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (was_there)
		broken_copy(shape, present, &(*link)->value);
	else
		shards_put(guard_map(thread), link, shape, key, value);
	guard_leave(&shard->guard, thread);
	return was_there;
}

static inline bool shards_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node *node = *chain_spot(&shard->chain, key);
	const bool equal = node && broken_same(shape, &node->value, expected);
	if (equal)
		broken_copy(shape, &node->value, value);
	guard_leave(&shard->guard, thread);
	return equal;
}

static inline bool shards_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct map *map = guard_map(thread);
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool equal =
	        *link && broken_same(shape, &(*link)->value, expected);
	if (equal) {
		chain_drop(link);
		atomic_fetch_sub(&map->count, 1);
	}
	guard_leave(&shard->guard, thread);
	return equal;
}

/* Calls `fn` under the lock, so `fn` must not call this map. */
static inline bool shards_update(void *thread, struct rm_shape shape,
        struct rm_key key, rm_update_fn *fn, void *context)
{
	struct shard *shard = shard_of(thread, key);
	struct rm_value value = { { 0 } };

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (fn(context, was_there ? &(*link)->value : NULL, &value))
		shards_put(guard_map(thread), link, shape, key, &value);
	guard_leave(&shard->guard, thread);
	return was_there;
}

/* Holds the lock of one shard at a time, so `fn` must not call this map. */
static inline void shards_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = guard_map(thread);
	bool more = true;

	(void)shape;
	for (size_t i = 0; more && i < SHARDS; i++) {
		guard_read(&map->shard[i].guard, thread);
		more = chain_scan(&map->shard[i].chain, fn, context);
		guard_leave(&map->shard[i].guard, thread);
	}
}

static inline size_t shards_length(void *thread)
{
	struct map *map = guard_map(thread);

	return (size_t)atomic_load(&map->count);
}

static inline void shards_clear(void *thread)
{
	struct map *map = guard_map(thread);

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		guard_write(&shard->guard, thread);
		atomic_fetch_sub(
		        &map->count, (int64_t)chain_empty(&shard->chain));
		guard_leave(&shard->guard, thread);
	}
}

/* The count must equal the number of entries. */
static inline bool shards_check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;
	int64_t entries = 0;

	for (size_t s = 0; s < SHARDS; s++)
		for (size_t i = 0; i <= map->shard[s].chain.mask; i++)
			for (struct node *node = map->shard[s].chain.bucket[i];
			        node; node = node->next)
				entries++;
	if (entries == atomic_load(&map->count))
		return true;
	snprintf(why, size, "the count is not that of the entries");
	return false;
}

/* Members that most of the maps share. */
#define SHARDS_OPS                                                \
	.create = shards_create, .destroy = shards_destroy,       \
	.join = map_itself, .leave = nothing, .quiesce = nothing, \
	.lookup = shards_lookup, .check = shards_check

#endif /* BROKEN_SHARDS_H */
