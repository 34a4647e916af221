/* SPDX-License-Identifier: Apache-2.0 */
/* ck_212.c - a reclaiming thread first collects the hazard pointers of all
 * threads in a cache. When the cache is full, the loop should stop, and the
 * remaining pointers should be checked directly. Instead the loop continues and
 * drops them. With more readers than cache entries, nodes are freed while they
 * are read.
 *
 * Concurrency Kit's cache has 512 entries, this one has 4. The map around it is
 * not from Concurrency Kit: each write copies a bucket. */
#ifndef BUG_ID
#define BUG_ID ck_212
#endif
#include "verify/corpora/bugs/bug.h"

enum { BUCKETS = 256, CACHE = 4, BATCH = 16 };

struct copy {
	struct copy *next; /* next in the list of retired copies */
	size_t count;
	struct {
		uint64_t key, word;
	} entries[];
};

struct bucket {
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct copy *) copy;
};

struct thread {
	_Alignas(RM_CACHE_LINE) _Atomic(struct copy *) hazard;
	struct map *map;
	struct copy *retired;
	size_t count;
};

struct map {
	size_t threads;
	struct thread *thread;
	struct bucket buckets[BUCKETS];
};

/* seq_cst throughout: the bug is the choice of checked pointers, not their
 * order. */
static bool is_named(struct map *map, const struct copy *copy)
{
	const struct copy *cache[CACHE];
	size_t cached = 0, i;

	for (i = 0; i < map->threads && cached < CACHE; i++) {
		const struct copy *hazard = atomic_load(&map->thread[i].hazard);

		if (hazard)
			cache[cached++] = hazard;
	}
	for (size_t j = 0; j < cached; j++)
		if (cache[j] == copy)
			return true;
	for (; twin && i < map->threads; i++)
		if (atomic_load(&map->thread[i].hazard) == copy)
			return true;
	return false;
}

static RM_COLD void retire(struct thread *thread, struct copy *copy)
{
	struct copy *list = thread->retired, *next;

	copy->next = list;
	thread->retired = copy;
	if (++thread->count < BATCH)
		return;
	list = thread->retired;
	thread->retired = NULL;
	thread->count = 0;
	for (; list; list = next) {
		next = list->next;
		if (is_named(thread->map, list)) {
			list->next = thread->retired;
			thread->retired = list;
			thread->count++;
		} else {
			free(list);
		}
	}
}

RM_HOT size_t index_of(const struct copy *copy, struct rm_key key)
{
	size_t i = 0;

	while (copy && i < copy->count && copy->entries[i].key != key.word)
		i++;
	return i;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct thread *thread = opaque;
	struct bucket *bucket = thread->map->buckets + hash_of(key) % BUCKETS;
	struct copy *copy;

	(void)shape;
	do {
		copy = atomic_load(&bucket->copy);
		atomic_store(&thread->hazard, copy);
	} while (atomic_load(&bucket->copy) != copy);
	const size_t i = index_of(copy, key);
	const bool was_there = copy && i < copy->count;

	if (was_there)
		store_result(value, copy->entries[i].word);
	atomic_store(&thread->hazard, NULL);
	return was_there;
}

/* Writes the key, or removes it if `value` is NULL. */
static bool write_copy(struct thread *thread, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct bucket *bucket = thread->map->buckets + hash_of(key) % BUCKETS;

	pthread_mutex_lock(&bucket->lock);
	struct copy *copy = atomic_load(&bucket->copy), *new;
	const size_t count = copy ? copy->count : 0, i = index_of(copy, key);
	const bool was_there = i < count;

	new = bug_alloc(sizeof(*new) + (count + 1) * sizeof(new->entries[0]));
	if (count)
		memcpy(new->entries, copy->entries,
		        count * sizeof(new->entries[0]));
	new->count = count + (value && !was_there) - (!value && was_there);
	if (was_there)
		store_result(old, copy->entries[i].word);
	if (value) {
		new->entries[i].key = key.word;
		new->entries[i].word = value->word[0];
	} else if (was_there) {
		new->entries[i] = new->entries[count - 1];
	}
	atomic_store(&bucket->copy, new);
	pthread_mutex_unlock(&bucket->lock);
	if (copy)
		retire(thread, copy);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	(void)shape;
	return write_copy(thread, key, value, old);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)shape;
	return write_copy(thread, key, NULL, old);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	map->threads = sizing->threads;
	map->thread = bug_alloc_lines(map->threads * sizeof(map->thread[0]));
	for (size_t i = 0; i < map->threads; i++)
		map->thread[i].map = map;
	for (int i = 0; i < BUCKETS; i++)
		pthread_mutex_init(&map->buckets[i].lock, NULL);
	return map;
}

static void *join(void *map, size_t slot)
{
	return ((struct map *)map)->thread + slot;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; i < map->threads; i++) {
		struct copy *copy = map->thread[i].retired;

		for (struct copy *next; copy; copy = next) {
			next = copy->next;
			free(copy);
		}
	}
	for (int i = 0; i < BUCKETS; i++) {
		free(atomic_load(&map->buckets[i].copy));
		pthread_mutex_destroy(&map->buckets[i].lock);
	}
	free(map->thread);
	free(map);
}

#define BUG_JOIN join
#define BUG_SYNC "hazard pointers, mutex per bucket"
#include "verify/corpora/bugs/bug_impl.h"
