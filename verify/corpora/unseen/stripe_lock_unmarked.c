/* SPDX-License-Identifier: Apache-2.0 */
/* stripe_lock_unmarked.c - a chained table that doubles together with its locks
 * (idea: refinable hash set, Herlihy and Shavit 2008). A growing thread sets a
 * flag, waits until each lock was free once, and then moves the keys without
 * locks. Threads that get a lock after that see the flag and release the lock.
 *
 * Bug: a thread that got a lock checks whether the array of locks is still the
 * same, but does not check again whether the table is growing. The array is
 * replaced only at the end of a growth. So if a thread saw no growth, but gets
 * its lock only after the growing thread has held it, the thread modifies a
 * bucket that is being moved. Corrected version: it checks both. Lookups write
 * to their lock. */
#ifndef ID
#define ID stripe_lock_unmarked
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

enum { BUCKETS_LEAST = 4, KEYS_PER_BUCKET = 2, LOCKS_MOST = 1024 };

struct node {
	struct node *next;
	uint64_t key;
	struct rm_value value;
};

/* Not more than the number of buckets, so that a bucket has one lock. */
struct locks {
	/* kept until destroy, because threads may still wait for a lock */
	struct locks *older;
	size_t mask;
	pthread_mutex_t lock[];
};

struct map {
	_Atomic bool grows;
	_Atomic(struct locks *) locks; /* changes while `grows` */
	/* `bucket` and `mask` are also modified while `grows` is true */
	struct node **bucket;
	size_t mask;
	_Atomic size_t count; /* modified under the key's lock */
	uint64_t seed;
};

static struct locks *locks_new(size_t count, struct locks *older)
{
	struct locks *locks = broken_need(
	        malloc(sizeof(*locks) + count * sizeof(locks->lock[0])));

	for (size_t i = 0; i < count; i++)
		pthread_mutex_init(&locks->lock[i], NULL);
	locks->older = older;
	locks->mask = count - 1;
	return locks;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct locks *locks = atomic_load(&map->locks), *older;

	for (size_t i = 0; map->bucket && i <= map->mask; i++)
		while (map->bucket[i]) {
			struct node *node = map->bucket[i];

			map->bucket[i] = node->next;
			free(node);
		}
	for (; locks; locks = older) {
		for (size_t i = 0; i <= locks->mask; i++)
			pthread_mutex_destroy(&locks->lock[i]);
		older = locks->older;
		free(locks);
	}
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));
	const size_t keys = sizing->presize ? sizing->keys : 0;

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->mask = broken_power(BUCKETS_LEAST, keys) - 1;
	map->bucket = calloc(map->mask + 1, sizeof(struct node *));
	atomic_init(&map->grows, false);
	atomic_init(&map->count, 0);
	atomic_init(&map->locks, locks_new(BUCKETS_LEAST, NULL));
	if (map->bucket)
		return map;
	destroy(map);
	return NULL;
}

RM_HOT uint64_t hash_of(struct map *map, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, map->seed);
}

/* Locks the bucket of the hash and returns its lock. */
static pthread_mutex_t *enter(struct map *map, uint64_t hash)
{
	unsigned looks = 0;

	for (;;) {
		while (atomic_load(&map->grows))
			spin_wait(&looks);

		struct locks *locks = atomic_load(&map->locks);
		pthread_mutex_t *lock = &locks->lock[hash & locks->mask];

		pthread_mutex_lock(lock);
		if ((!RIGHT || !atomic_load(&map->grows)) &&
		        atomic_load(&map->locks) == locks)
			return lock;
		pthread_mutex_unlock(lock);
	}
}

/* Returns the link to the key's node, or to NULL. The caller holds the bucket's
   lock. */
static struct node **spot(struct map *map, uint64_t hash, struct rm_key key)
{
	struct node **link = &map->bucket[hash & map->mask];

	while (*link && (*link)->key != key.word)
		link = &(*link)->next;
	return link;
}

static void move_all(struct map *map)
{
	const size_t buckets = map->mask + 1;
	struct node **bucket =
	        broken_need(calloc(2 * buckets, sizeof(*bucket)));

	for (size_t i = 0; i < buckets; i++)
		while (map->bucket[i]) {
			struct node *node = map->bucket[i];
			struct node **head = &bucket[hash_of(map, node->key) &
			                             (2 * buckets - 1)];

			map->bucket[i] = node->next;
			node->next = *head;
			*head = node;
		}
	free(map->bucket);
	map->bucket = bucket;
	map->mask = 2 * buckets - 1;
}

static bool is_full(struct map *map)
{
	return atomic_load(&map->count) > KEYS_PER_BUCKET * (map->mask + 1);
}

/* Doubles the table. The caller holds no lock. One thread grows; the others
 * wait in enter(). */
static RM_COLD void grow(struct map *map)
{
	if (atomic_exchange(&map->grows, true))
		return;

	struct locks *locks = atomic_load(&map->locks);
	for (size_t i = 0; i <= locks->mask; i++) {
		pthread_mutex_lock(&locks->lock[i]);
		pthread_mutex_unlock(&locks->lock[i]);
	}
	if (is_full(map)) {
		move_all(map);
		if (locks->mask + 1 < LOCKS_MOST)
			atomic_store(&map->locks,
			        locks_new(2 * (locks->mask + 1), locks));
	}
	atomic_store(&map->grows, false);
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	pthread_mutex_t *lock = enter(map, hash);
	const struct node *node = *spot(map, hash, key);
	const bool was_there = node != NULL;

	if (was_there)
		broken_copy(shape, value, &node->value);
	pthread_mutex_unlock(lock);
	return was_there;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	pthread_mutex_t *lock = enter(map, hash);
	struct node **link = spot(map, hash, key);
	const bool was_there = *link != NULL;
	bool full = false;

	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
	} else {
		*link = broken_need(calloc(1, sizeof(**link)));
		(*link)->key = key.word;
		atomic_fetch_add(&map->count, 1);
		full = is_full(map);
	}
	broken_copy(shape, &(*link)->value, value);
	pthread_mutex_unlock(lock);
	if (full)
		grow(map);
	return was_there;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	pthread_mutex_t *lock = enter(map, hash);
	struct node **link = spot(map, hash, key);
	struct node *node = *link;
	const bool was_there = node != NULL;

	if (was_there) {
		broken_copy(shape, old, &node->value);
		*link = node->next;
		atomic_fetch_sub(&map->count, 1);
	}
	pthread_mutex_unlock(lock);
	free(node);
	return was_there;
}

static inline size_t length(void *thread)
{
	struct map *map = thread;

	return atomic_load(&map->count);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "mutex", "point-in-time", "blocking"),
};
