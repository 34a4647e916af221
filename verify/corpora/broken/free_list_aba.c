/* SPDX-License-Identifier: Apache-2.0 */
/* free_list_aba.c - a chained table under 16 mutexes. Its nodes are numbered
 * entries of a pool; a lock-free stack holds the free ones.
 *
 * Bug: a pop reads the successor of the first node, and makes it the first if
 * the head is unchanged. But that node may have been popped and pushed again in
 * between, and its old successor may be in use. Then two keys share a node.
 * Corrected version: the head has a tag that each change increments. Lookups
 * write to their lock. */
#ifndef ID
#define ID free_list_aba
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

enum { LOCKS = 16 };

/* Number 0 means no node. */
struct node {
	_Atomic uint32_t free_next; /* next free node, while it is free */
	uint32_t next;              /* next node, while it is in a bucket */
	uint64_t key;
	struct rm_value value;
};

struct map {
	pthread_mutex_t lock[LOCKS];
	_Atomic uint64_t free; /* tag << 32 | the first free node */
	struct node *node;
	uint32_t *bucket;
	size_t mask;
	uint64_t seed;
};

/* Returns the head that replaces `head`, with `first` as the first free
 * node. */
static uint64_t next_head(uint64_t head, uint32_t first)
{
	const uint64_t tag = RIGHT ? (head >> 32) + 1 : 0;

	return tag << 32 | first;
}

static uint32_t pop(struct map *map)
{
	uint64_t head = atomic_load(&map->free), next;

	do {
		if ((uint32_t)head == 0)
			abort(); /* more keys than the map was created for */
		next = next_head(head,
		        atomic_load(&map->node[(uint32_t)head].free_next));
	} while (!atomic_compare_exchange_weak(&map->free, &head, next));
	return (uint32_t)head;
}

static void push(struct map *map, uint32_t node)
{
	uint64_t head = atomic_load(&map->free);

	do {
		atomic_store(&map->node[node].free_next, (uint32_t)head);
	} while (!atomic_compare_exchange_weak(
	        &map->free, &head, next_head(head, node)));
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&map->lock[i]);
	free(map->node);
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));
	const size_t nodes = 2 * sizing->keys + sizing->threads + 64;

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->mask = broken_power(LOCKS, sizing->keys) - 1;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&map->lock[i], NULL);
	map->node = calloc(nodes + 1, sizeof(*map->node));
	map->bucket = calloc(map->mask + 1, sizeof(*map->bucket));
	if (!map->node || !map->bucket) {
		destroy(map);
		return NULL;
	}
	for (size_t i = nodes; i; i--)
		push(map, (uint32_t)i);
	return map;
}

/* Finds the place of a key in its locked bucket: *link is its node or 0. */
struct spot {
	pthread_mutex_t *lock;
	uint32_t *link;
};

RM_HOT struct spot enter(struct map *map, struct rm_key key)
{
	const uint64_t hash = rm_hash(RM_U64X8, key, map->seed);
	struct spot spot = { &map->lock[hash % LOCKS],
		&map->bucket[hash & map->mask] };

	pthread_mutex_lock(spot.lock);
	while (*spot.link && map->node[*spot.link].key != key.word)
		spot.link = &map->node[*spot.link].next;
	return spot;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;
	struct spot spot = enter(map, key);
	const bool was_there = *spot.link != 0;

	if (was_there)
		broken_copy(shape, value, &map->node[*spot.link].value);
	pthread_mutex_unlock(spot.lock);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	struct spot spot = enter(map, key);
	const bool was_there = *spot.link != 0;
	struct node *node = &map->node[was_there ? *spot.link : pop(map)];

	if (was_there) {
		broken_copy(shape, old, &node->value);
	} else {
		node->key = key.word;
		node->next = 0;
		*spot.link = (uint32_t)(node - map->node);
	}
	broken_copy(shape, &node->value, value);
	pthread_mutex_unlock(spot.lock);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	struct spot spot = enter(map, key);
	const uint32_t node = *spot.link;

	if (node) {
		broken_copy(shape, old, &map->node[node].value);
		*spot.link = map->node[node].next;
	}
	pthread_mutex_unlock(spot.lock);
	if (node)
		push(map, node);
	return node != 0;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "mutex", "none", "blocking"),
	.caps = RM_CAP_FIXED_SIZE,
};
