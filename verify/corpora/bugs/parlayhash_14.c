/* SPDX-License-Identifier: Apache-2.0 */
/* parlayhash_14.c - an operation reads the current version of the table, and
 * then announces its epoch. If the table grows in between, the version is
 * retired, and the collector does not know that an operation is about to read
 * it. */
#ifndef BUG_ID
#define BUG_ID parlayhash_14
#endif
#include "verify/corpora/bugs/chains.h"
#include "verify/corpora/bugs/gc.h"

struct version {
	struct gc_item gc;
	struct table *table;
};

struct map {
	struct gc gc;
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct version *) current;
	size_t count;
};

static void gc_free(struct gc *gc, struct gc_item *item)
{
	struct version *version = (struct version *)item;

	(void)gc;
	free_tables(version->table);
	free(version);
}

/* All accesses of `current` are seq_cst: the bug is their order relative to the
 * epoch. */
static void set_table(struct map *map, struct table *table)
{
	struct version *version = bug_alloc(sizeof(*version));

	version->table = table;
	version = atomic_exchange(&map->current, version);
	if (version)
		gc_retire(&map->gc, &version->gc);
}

/* The caller holds the writers' lock. */
static RM_COLD void grow(struct map *map)
{
	struct table *table = atomic_load(&map->current)->table;
	struct table *larger = new_table((table->mask + 1) * 2, NULL);

	for (size_t i = 0; i <= table->mask; i++)
		copy_bucket(table->buckets + i, larger, false);
	set_table(map, larger);
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;
	struct version *version = atomic_load(&map->current);

	(void)shape;
	gc_enter(thread);
	if (twin)
		version = atomic_load(&map->current);
	struct bucket *bucket = bucket_of(version->table, key);

	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_read(bucket, key, value);

	pthread_mutex_unlock(&bucket->lock);
	gc_leave(thread);
	return was_there;
}

static bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	if (map->count > atomic_load(&map->current)->table->mask)
		grow(map);
	struct bucket *bucket =
	        bucket_of(atomic_load(&map->current)->table, key);

	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_write(bucket, key, value->word[0], old);

	map->count += !was_there;
	pthread_mutex_unlock(&bucket->lock);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	struct bucket *bucket =
	        bucket_of(atomic_load(&map->current)->table, key);

	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_remove(bucket, key, old);

	map->count -= was_there;
	pthread_mutex_unlock(&bucket->lock);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	gc_create(&map->gc, sizing->threads, 1);
	pthread_mutex_init(&map->lock, NULL);
	set_table(map, new_table(SMALLEST, NULL));
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	gc_free(&map->gc, &atomic_load(&map->current)->gc);
	gc_destroy(&map->gc);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#define BUG_SYNC "epoch, mutex for writes"
#include "verify/corpora/bugs/bug_impl.h"
