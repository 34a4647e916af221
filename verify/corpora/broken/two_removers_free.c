/* SPDX-License-Identifier: Apache-2.0 */
/* two_removers_free.c - a chained table under one reader-writer lock. A removal
 * marks its node under the read lock, in parallel with lookups, and takes the
 * write lock only to unlink and free it. Bug: it checks the mark and sets it in
 * two steps. Two threads can both set the mark: both return that the key was
 * present, and both free the node. Corrected version: it marks by an exchange.
 * Lookups write to the lock. */
#ifndef ID
#define ID two_removers_free
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

struct node {
	struct node *next;
	uint64_t key;
	_Atomic bool removed;  /* set once, under the read lock */
	struct rm_value value; /* modified under the write lock */
};

struct map {
	pthread_rwlock_t lock;
	struct node **bucket;
	size_t mask;
	uint64_t seed;
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; map->bucket && i <= map->mask; i++)
		while (map->bucket[i]) {
			struct node *node = map->bucket[i];

			map->bucket[i] = node->next;
			free(node);
		}
	pthread_rwlock_destroy(&map->lock);
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	pthread_rwlock_init(&map->lock, NULL);
	map->seed = sizing->seed;
	map->mask = broken_power(16, sizing->keys / 2) - 1;
	map->bucket = calloc(map->mask + 1, sizeof(*map->bucket));
	if (map->bucket)
		return map;
	destroy(map);
	return NULL;
}

static struct node **bucket_of(struct map *map, uint64_t word)
{
	const struct rm_key key = { .word = word };

	return &map->bucket[rm_hash(RM_U64X8, key, map->seed) & map->mask];
}

/* The caller holds either lock. A marked node is treated as removed. */
static struct node *find(struct map *map, struct rm_key key)
{
	struct node *node = *bucket_of(map, key.word);

	while (node && (node->key != key.word || atomic_load(&node->removed)))
		node = node->next;
	return node;
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct map *map = thread;

	pthread_rwlock_rdlock(&map->lock);
	const struct node *node = find(map, key);
	if (node)
		broken_copy(shape, value, &node->value);
	pthread_rwlock_unlock(&map->lock);
	return node != NULL;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;

	pthread_rwlock_wrlock(&map->lock);
	struct node *node = find(map, key);
	const bool was_there = node != NULL;
	if (was_there) {
		broken_copy(shape, old, &node->value);
	} else {
		struct node **head = bucket_of(map, key.word);

		node = broken_need(calloc(1, sizeof(*node)));
		node->key = key.word;
		node->next = *head;
		*head = node;
	}
	broken_copy(shape, &node->value, value);
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

/* Returns whether this thread must free the node. */
static bool mark(struct node *node)
{
	if (RIGHT)
		return !atomic_exchange(&node->removed, true);
	if (atomic_load(&node->removed))
		return false;
	atomic_store(&node->removed, true);
	return true;
}

static void unlink_and_free(struct map *map, struct node *node)
{
	pthread_rwlock_wrlock(&map->lock);
	struct node **link = bucket_of(map, node->key);
	while (*link && *link != node)
		link = &(*link)->next;
	if (*link)
		*link = node->next;
	pthread_rwlock_unlock(&map->lock);
	free(node);
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;

	pthread_rwlock_rdlock(&map->lock);
	struct node *node = find(map, key);
	const bool mine = node && mark(node);
	if (mine)
		broken_copy(shape, old, &node->value);
	pthread_rwlock_unlock(&map->lock);
	if (mine)
		unlink_and_free(map, node);
	return mine;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "rwlock", "none", "blocking"),
};
