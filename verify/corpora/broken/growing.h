/* SPDX-License-Identifier: Apache-2.0 */
/* growing.h - a correct chained table that doubles, under 16 mutexes. A lock
 * protects all buckets whose numbers have the same remainder modulo 16, so a
 * key has the same lock in tables of all sizes. Growth holds all locks. Old,
 * empty tables are kept until destroy; together they are smaller than the last
 * one. */
#ifndef BROKEN_GROWING_H
#define BROKEN_GROWING_H

#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

enum { LOCKS = 16 };

struct node {
	struct node *next;
	uint64_t key;
	struct rm_value value;
};

struct table {
	struct table *older;
	size_t mask;
	struct node *bucket[];
};

struct stripe {
	_Alignas(128) pthread_mutex_t lock;
	size_t count; /* number of keys; modified under the lock */
};

struct map {
	struct stripe stripe[LOCKS];
	_Atomic(struct table *) table; /* modified while all locks are held */
	uint64_t seed;
};

static struct table *table_new(size_t buckets, struct table *older)
{
	struct table *table =
	        calloc(1, sizeof(*table) + buckets * sizeof(table->bucket[0]));

	if (!table)
		return NULL;
	table->older = older;
	table->mask = buckets - 1;
	return table;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct table *table = atomic_load(&map->table);

	while (table) {
		struct table *older = table->older;

		for (size_t i = 0; i <= table->mask; i++)
			while (table->bucket[i]) {
				struct node *node = table->bucket[i];

				table->bucket[i] = node->next;
				free(node);
			}
		free(table);
		table = older;
	}
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&map->stripe[i].lock);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(128, sizeof(*map));
	const size_t keys = sizing->presize ? sizing->keys : 0;

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->seed = sizing->seed;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&map->stripe[i].lock, NULL);
	atomic_init(&map->table, table_new(broken_power(LOCKS, keys), NULL));
	if (atomic_load(&map->table))
		return map;
	destroy(map);
	return NULL;
}

RM_HOT uint64_t hash_of(struct map *map, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, map->seed);
}

RM_HOT struct node **spot_in(
        struct table *table, uint64_t hash, struct rm_key key)
{
	struct node **link = &table->bucket[hash & table->mask];

	while (*link && (*link)->key != key.word)
		link = &(*link)->next;
	return link;
}

static void move_all(struct map *map, struct table *from, struct table *to)
{
	for (size_t i = 0; i <= from->mask; i++)
		while (from->bucket[i]) {
			struct node *node = from->bucket[i];
			struct node **head =
			        &to->bucket[hash_of(map, node->key) & to->mask];

			from->bucket[i] = node->next;
			node->next = *head;
			*head = node;
		}
}

/* Grows the table, unless another thread has already replaced `full`. The
 * caller holds no lock. */
static RM_COLD void grow(struct map *map, const struct table *full)
{
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_lock(&map->stripe[i].lock);
	struct table *old = atomic_load(&map->table);
	if (old == full) {
		struct table *table =
		        broken_need(table_new(2 * (old->mask + 1), old));

		move_all(map, old, table);
		atomic_store(&map->table, table);
	}
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_unlock(&map->stripe[i].lock);
}

static inline bool is_full(const struct stripe *stripe, const struct table *of)
{
	return stripe->count * LOCKS > 2 * (of->mask + 1);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	struct stripe *stripe = &map->stripe[hash % LOCKS];

	pthread_mutex_lock(&stripe->lock);
	const struct node *node = *spot_in(atomic_load(&map->table), hash, key);
	if (node)
		broken_copy(shape, value, &node->value);
	pthread_mutex_unlock(&stripe->lock);
	return node != NULL;
}

/* Inserts the key or replaces its value. The caller holds the lock. Returns
 * whether the key was present. */
RM_HOT bool put(struct stripe *stripe, struct node **link,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value,
        struct rm_value *old)
{
	const bool was_there = *link != NULL;

	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
	} else {
		*link = broken_need(calloc(1, sizeof(**link)));
		(*link)->key = key.word;
		stripe->count++;
	}
	broken_copy(shape, &(*link)->value, value);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	struct stripe *stripe = &map->stripe[hash % LOCKS];

	pthread_mutex_lock(&stripe->lock);
	struct node **link = spot_in(atomic_load(&map->table), hash, key);
	struct node *node = *link;
	if (node) {
		broken_copy(shape, old, &node->value);
		*link = node->next;
		stripe->count--;
	}
	pthread_mutex_unlock(&stripe->lock);
	free(node);
	return node != NULL;
}

static inline size_t length(void *thread)
{
	struct map *map = thread;
	size_t count = 0;

	for (size_t i = 0; i < LOCKS; i++) {
		pthread_mutex_lock(&map->stripe[i].lock);
		count += map->stripe[i].count;
		pthread_mutex_unlock(&map->stripe[i].lock);
	}
	return count;
}

#endif /* BROKEN_GROWING_H */
