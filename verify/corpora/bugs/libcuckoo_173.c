/* SPDX-License-Identifier: Apache-2.0 */
/* libcuckoo_173.c - an operation reads the size of the table, then the number
 * of its growths, locks its bucket, and compares the number again. If the table
 * grows between the two reads, the operation has an old size and a new number.
 * The comparison succeeds, but the bucket no longer contains the key.
 *
 * The model has one bucket per key instead of two, because the second does not
 * affect the bug. */
#ifndef BUG_ID
#define BUG_ID libcuckoo_173
#endif
#include "verify/corpora/bugs/chains.h"

enum { LOCKS = 16, FIRST_POWER = 4 }; /* number of locks, which never changes */

struct map {
	pthread_mutex_t locks[LOCKS];
	_Atomic size_t power; /* log2 of the number of buckets */
	/* number of growths; modified under all locks, like the table */
	_Atomic uint64_t growths;
	struct table *table; /* the buckets' own locks are not used */
	_Atomic size_t count;
};

/* Returns the key's bucket; its lock, *lock, is held. */
static inline struct bucket *lock_bucket(
        struct map *map, struct rm_key key, pthread_mutex_t **lock)
{
	for (;;) {
		/* seq_cst throughout: the bug is the order of these reads */
		size_t power = atomic_load(&map->power);
		const uint64_t growths = atomic_load(&map->growths);

		if (twin)
			power = atomic_load(&map->power);
		const size_t i = hash_of(key) & (((size_t)1 << power) - 1);

		*lock = map->locks + i % LOCKS;
		pthread_mutex_lock(*lock);
		if (atomic_load(&map->growths) == growths)
			return map->table->buckets + i;
		pthread_mutex_unlock(*lock);
	}
}

static RM_COLD void grow(struct map *map)
{
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_lock(&map->locks[i]);
	struct table *table = map->table;

	if (atomic_load(&map->count) > table->mask) {
		map->table = new_table((table->mask + 1) * 2, table);
		for (size_t i = 0; i <= table->mask; i++)
			copy_bucket(table->buckets + i, map->table, false);
		atomic_fetch_add(&map->power, 1);
		atomic_fetch_add(&map->growths, 1);
	}
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_unlock(&map->locks[i]);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	pthread_mutex_t *lock;
	struct bucket *bucket = lock_bucket(thread, key, &lock);
	const bool was_there = chain_read(bucket, key, value);

	(void)shape;
	pthread_mutex_unlock(lock);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	pthread_mutex_t *lock;
	struct bucket *bucket = lock_bucket(map, key, &lock);
	const bool was_there = chain_write(bucket, key, value->word[0], old);
	const bool full = !was_there &&
	                  atomic_fetch_add(&map->count, 1) >= map->table->mask;

	(void)shape;
	pthread_mutex_unlock(lock);
	if (full)
		grow(map);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	pthread_mutex_t *lock;
	struct bucket *bucket = lock_bucket(map, key, &lock);
	const bool was_there = chain_remove(bucket, key, old);

	(void)shape;
	if (was_there)
		atomic_fetch_sub(&map->count, 1);
	pthread_mutex_unlock(lock);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	(void)sizing;
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&map->locks[i], NULL);
	atomic_store(&map->power, FIRST_POWER);
	map->table = new_table((size_t)1 << FIRST_POWER, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	free_tables(map->table);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&map->locks[i]);
	free(map);
}

#define BUG_SYNC "16 mutexes"
#include "verify/corpora/bugs/bug_impl.h"
