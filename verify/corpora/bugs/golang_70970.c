/* SPDX-License-Identifier: Apache-2.0 */
/* golang_70970.c - CompareAndSwap changes a value in place, without the lock
 * under which entries are removed. So it can succeed after a removal has read
 * the value of the entry and before the removal unlinks the entry. The removal
 * then returns the old value, and the new one is lost. */
#ifndef BUG_ID
#define BUG_ID golang_70970
#endif
#include "verify/corpora/bugs/gc.h"

enum { BUCKETS = 256, BATCH = 8 };

struct entry {
	struct gc_item gc;
	uint64_t key;
	_Atomic uint64_t word;
	_Atomic(struct entry *) next;
};

struct map {
	struct gc gc;
	pthread_mutex_t lock; /* held while entries are inserted or removed */
	_Atomic(struct entry *) bucket[BUCKETS];
};

static void gc_free(struct gc *gc, struct gc_item *item)
{
	(void)gc;
	free(item);
}

/* Returns the link to the key's entry, or to NULL. The caller holds the lock.
   Atomics are seq_cst throughout, as in Go. */
RM_HOT _Atomic(struct entry *) *link_of(struct map *map, struct rm_key key)
{
	_Atomic(struct entry *) *link = map->bucket + hash_of(key) % BUCKETS;

	for (struct entry *entry; (entry = atomic_load(link));
	        link = &entry->next)
		if (entry->key == key.word)
			break;
	return link;
}

RM_HOT struct entry *find(struct map *map, struct rm_key key)
{
	struct entry *entry = atomic_load(map->bucket + hash_of(key) % BUCKETS);

	while (entry && entry->key != key.word)
		entry = atomic_load(&entry->next);
	return entry;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct gc_thread *thread = opaque;

	(void)shape;
	gc_enter(thread);
	struct entry *entry = find(thread->map, key);

	if (entry)
		store_result(value, atomic_load(&entry->word));
	gc_leave(thread);
	return entry;
}

static bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = ((struct gc_thread *)opaque)->map;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	_Atomic(struct entry *) *link = link_of(map, key);
	struct entry *entry = atomic_load(link);
	const bool was_there = entry;

	if (was_there) {
		store_result(
		        old, atomic_exchange(&entry->word, value->word[0]));
	} else {
		entry = bug_alloc(sizeof(*entry));
		entry->key = key.word;
		entry->word = value->word[0];
		atomic_store(link, entry);
	}
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = ((struct gc_thread *)opaque)->map;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	_Atomic(struct entry *) *link = link_of(map, key);
	struct entry *entry = atomic_load(link);

	if (entry) {
		store_result(old, atomic_load(&entry->word));
		atomic_store(link, atomic_load(&entry->next));
	}
	pthread_mutex_unlock(&map->lock);
	if (entry)
		gc_retire(&map->gc, &entry->gc);
	return entry;
}

static bool compare_swap(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;
	uint64_t word = expected->word[0];

	(void)shape;
	gc_enter(thread);
	if (twin)
		pthread_mutex_lock(&map->lock);
	struct entry *entry = find(map, key);
	const bool done = entry && atomic_compare_exchange_strong(
	                                   &entry->word, &word, value->word[0]);

	if (twin)
		pthread_mutex_unlock(&map->lock);
	gc_leave(thread);
	return done;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	gc_create(&map->gc, sizing->threads, BATCH);
	pthread_mutex_init(&map->lock, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (int i = 0; i < BUCKETS; i++)
		for (struct entry *entry = map->bucket[i], *next; entry;
		        entry = next) {
			next = entry->next;
			free(entry);
		}
	gc_destroy(&map->gc);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#define BUG_COMPARE_SWAP compare_swap
#define BUG_SYNC         "epoch, mutex for writes"
#include "verify/corpora/bugs/bug_impl.h"
