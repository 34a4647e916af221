/* SPDX-License-Identifier: Apache-2.0 */
/* java_util_348.c - growth replaces the table by an empty one and then moves
 * the entries one by one. Lookups do not take the writers' lock, so lookups in
 * between miss keys that were not removed. */
#ifndef BUG_ID
#define BUG_ID java_util_348
#endif
#include "verify/corpora/bugs/chains.h"

struct map {
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct table *) table;
	size_t count;
};

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	(void)sizing;
	pthread_mutex_init(&map->lock, NULL);
	/* seq_cst throughout, like volatile fields in Java */
	atomic_store(&map->table, new_table(SMALLEST, NULL));
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	free_tables(atomic_load(&map->table));
	pthread_mutex_destroy(&map->lock);
	free(map);
}

static RM_COLD void grow(struct map *map)
{
	struct table *table = atomic_load(&map->table);
	struct table *larger = new_table((table->mask + 1) * 2, table);

	if (!twin)
		atomic_store(&map->table, larger);
	for (size_t i = 0; i <= table->mask; i++)
		copy_bucket(table->buckets + i, larger, true);
	if (twin)
		atomic_store(&map->table, larger);
}

/* Locks the bucket of the key, for a reader or a writer. */
static inline struct bucket *lock_bucket(struct map *map, struct rm_key key)
{
	struct bucket *bucket = bucket_of(atomic_load(&map->table), key);

	pthread_mutex_lock(&bucket->lock);
	return bucket;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct bucket *bucket = lock_bucket(thread, key);
	const bool was_there = chain_read(bucket, key, value);

	(void)shape;
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	if (map->count > atomic_load(&map->table)->mask)
		grow(map);
	struct bucket *bucket = lock_bucket(map, key);
	const bool was_there = chain_write(bucket, key, value->word[0], old);

	map->count += !was_there;
	pthread_mutex_unlock(&bucket->lock);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	struct bucket *bucket = lock_bucket(map, key);
	const bool was_there = chain_remove(bucket, key, old);

	map->count -= was_there;
	pthread_mutex_unlock(&bucket->lock);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

#include "verify/corpora/bugs/bug_impl.h"
