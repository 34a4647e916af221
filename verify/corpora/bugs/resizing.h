/* SPDX-License-Identifier: Apache-2.0 */
/* resizing.h - xsync's map, based on chains.h: if a thread finds the table
 * full, this thread alone resizes it, bucket by bucket. Writers that notice a
 * resize wait for its end and restart in the new table. Lookups continue in the
 * table in which they started.
 *
 * Each file implements may_write() and end_resize(). */
#ifndef RM_BUG_RESIZING_H
#define RM_BUG_RESIZING_H

#include "verify/corpora/bugs/chains.h"

/* Number of buckets at the beginning. */
#ifndef RESIZING_FIRST
#define RESIZING_FIRST SMALLEST
#endif

struct resizing {
	_Atomic(struct table *) table;
	_Atomic bool busy; /* a resize is in progress */
	_Atomic size_t count;
	pthread_mutex_t lock; /* used to wait for the end of a resize */
	pthread_cond_t ended;
};

/* Returns whether a writer that locked a bucket of `table` may write there. */
static bool may_write(struct resizing *map, struct table *table);
/* Called when the new table is published: lets writers continue. */
static void end_resize(struct resizing *map);

static inline void wait_for_resize(struct resizing *map)
{
	pthread_mutex_lock(&map->lock);
	while (atomic_load(&map->busy))
		pthread_cond_wait(&map->ended, &map->lock);
	pthread_mutex_unlock(&map->lock);
}

/* Copies the table into a new one, and publishes the new table. Atomics are
   seq_cst throughout, as in Go. */
static RM_COLD void replace_table(
        struct resizing *map, struct table *table, size_t buckets)
{
	struct table *other = new_table(buckets, table);

	for (size_t i = 0; i <= table->mask; i++) {
		struct bucket *bucket = table->buckets + i;

		pthread_mutex_lock(&bucket->lock);
		copy_bucket(bucket, other, false);
		pthread_mutex_unlock(&bucket->lock);
	}
	atomic_store(&map->table, other);
}

static RM_COLD void resize(struct resizing *map, struct table *full)
{
	bool idle = false;

	if (!atomic_compare_exchange_strong(&map->busy, &idle, true)) {
		wait_for_resize(map);
		return;
	}
	if (atomic_load(&map->table) == full)
		replace_table(map, full, (full->mask + 1) * 2);
	end_resize(map);
}

/* Locks the bucket in which a writer may write the key. */
static inline struct bucket *lock_bucket(
        struct resizing *map, struct rm_key key)
{
	for (;;) {
		struct table *table = atomic_load(&map->table);
		struct bucket *bucket = bucket_of(table, key);

		if (atomic_load(&map->count) > table->mask) {
			resize(map, table);
			continue;
		}
		pthread_mutex_lock(&bucket->lock);
		if (may_write(map, table))
			return bucket;
		pthread_mutex_unlock(&bucket->lock);
		wait_for_resize(map);
	}
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct resizing *map = thread;
	struct bucket *bucket = bucket_of(atomic_load(&map->table), key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_read(bucket, key, value);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct resizing *map = thread;
	struct bucket *bucket = lock_bucket(map, key);
	const bool was_there = chain_write(bucket, key, value->word[0], old);

	(void)shape;
	if (!was_there)
		atomic_fetch_add(&map->count, 1);
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct resizing *map = thread;
	struct bucket *bucket = lock_bucket(map, key);
	const bool was_there = chain_remove(bucket, key, old);

	(void)shape;
	if (was_there)
		atomic_fetch_sub(&map->count, 1);
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool insert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *present)
{
	struct resizing *map = thread;
	struct bucket *bucket = lock_bucket(map, key);
	const bool was_there = chain_read(bucket, key, present);

	(void)shape;
	if (!was_there) {
		chain_write(bucket, key, value->word[0], NULL);
		atomic_fetch_add(&map->count, 1);
	}
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct resizing *map = bug_alloc(sizeof(*map));

	(void)sizing;
	atomic_store(&map->table, new_table(RESIZING_FIRST, NULL));
	pthread_mutex_init(&map->lock, NULL);
	pthread_cond_init(&map->ended, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct resizing *map = opaque;

	free_tables(atomic_load(&map->table));
	pthread_cond_destroy(&map->ended);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#define BUG_INSERT insert
#define BUG_SYNC   "mutex per bucket"

#endif /* RM_BUG_RESIZING_H */
