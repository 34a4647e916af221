/* SPDX-License-Identifier: Apache-2.0 */
/* cornelk_21.c - a list sorted by hash, and an index into it by the upper hash
 * bits. Growth fills a larger index, publishes it, and fills it again for items
 * inserted meanwhile. Until the second filling, lookups do not find these keys.
 * If an insert begins before the publication and ends after the second filling,
 * its key is never found. Items stay in the list until destroy: a removal only
 * marks them. */
#ifndef BUG_ID
#define BUG_ID cornelk_21
#endif
#include "verify/corpora/bugs/bug.h"

enum { FIRST_BITS = 4 };

struct item {
	uint64_t hash, key;
	_Atomic(struct item *) next;
	pthread_mutex_t lock; /* protects the members below */
	bool present;
	uint64_t word;
};

struct index {
	unsigned bits;
	struct index *older;            /* kept until destroy */
	_Atomic(struct item *) slots[]; /* for each slot, the first item */
};

struct map {
	pthread_mutex_t lock; /* held by inserts */
	_Atomic bool growing;
	size_t count; /* protected by the lock */
	_Atomic(struct index *) index;
	struct item head;
};

static struct index *new_index(unsigned bits, struct index *older)
{
	struct index *index = bug_alloc(
	        sizeof(*index) + ((size_t)1 << bits) * sizeof(index->slots[0]));

	index->bits = bits;
	index->older = older;
	return index;
}

/* seq_cst throughout, as in Go: the bug is the time at which the index is
 * filled. */
RM_HOT _Atomic(struct item *) *slot_of(struct index *index, uint64_t hash)
{
	return index->slots + (hash >> (64 - index->bits));
}

static void add_to_index(struct index *index, struct item *item)
{
	_Atomic(struct item *) *slot = slot_of(index, item->hash);
	struct item *first = atomic_load(slot);

	while (!first || first->hash > item->hash)
		if (atomic_compare_exchange_strong(slot, &first, item))
			return;
}

static void fill(struct map *map, struct index *index)
{
	struct item *item = &map->head;

	while ((item = atomic_load(&item->next)))
		add_to_index(index, item);
}

static RM_COLD void grow(struct map *map)
{
	struct index *index = atomic_load(&map->index);
	struct index *larger = new_index(index->bits + 1, index);

	fill(map, larger);
	atomic_store(&map->index, larger);
	fill(map, larger);
}

/* Returns the item of the key, or NULL. */
RM_HOT struct item *find(struct map *map, struct rm_key key)
{
	const uint64_t hash = hash_of(key);
	struct item *item =
	        atomic_load(slot_of(atomic_load(&map->index), hash));

	while (item && item->hash <= hash && item->key != key.word)
		item = atomic_load(&item->next);
	return item && item->hash == hash ? item : NULL;
}

/* Reads the value of an item; writes `value` if it is not NULL, or removes the
 * key if `removes` is true. */
RM_HOT bool access_item(struct item *item, const struct rm_value *value,
        bool removes, struct rm_value *old)
{
	pthread_mutex_lock(&item->lock);
	const bool was_there = item->present;

	if (was_there)
		store_result(old, item->word);
	if (value)
		item->word = value->word[0];
	item->present = (was_there || value) && !removes;
	pthread_mutex_unlock(&item->lock);
	return was_there;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct item *item = find(thread, key);

	(void)shape;
	return item && access_item(item, NULL, false, value);
}

/* Links the item, ordered by its hash. The caller holds the lock of inserts. */
static void link_item(struct map *map, struct item *item)
{
	struct index *index = atomic_load(&map->index);
	_Atomic(struct item *) *slot = slot_of(index, item->hash);
	struct item *before = NULL, *next;

	for (; !before && slot > index->slots; before = atomic_load(--slot))
		;
	before = before ? before : &map->head;
	while ((next = atomic_load(&before->next)) && next->hash <= item->hash)
		before = next;
	atomic_store(&item->next, next);
	atomic_store(&before->next, item);
	add_to_index(index, item);
}

static RM_COLD struct item *insert_item(struct map *map, struct rm_key key)
{
	bool due = false;

	pthread_mutex_lock(&map->lock);
	struct item *item = find(map, key);

	if (!item) {
		item = bug_alloc(sizeof(*item));
		item->hash = hash_of(key);
		item->key = key.word;
		pthread_mutex_init(&item->lock, NULL);
		link_item(map, item);
		due = ++map->count >> atomic_load(&map->index)->bits;
	}
	if (twin && due)
		grow(map);
	pthread_mutex_unlock(&map->lock);
	if (!twin && due && !atomic_exchange(&map->growing, true)) {
		grow(map);
		atomic_store(&map->growing, false);
	}
	return item;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct item *item = find(thread, key);

	(void)shape;
	if (!item)
		item = insert_item(thread, key);
	return access_item(item, value, false, old);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct item *item = find(thread, key);

	(void)shape;
	return item && access_item(item, NULL, true, old);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	(void)sizing;
	pthread_mutex_init(&map->lock, NULL);
	atomic_store(&map->index, new_index(FIRST_BITS, NULL));
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct item *item = atomic_load(&map->head.next);
	struct index *index = atomic_load(&map->index);

	for (struct item *next; item; item = next) {
		next = atomic_load(&item->next);
		pthread_mutex_destroy(&item->lock);
		free(item);
	}
	for (struct index *older; index; index = older) {
		older = index->older;
		free(index);
	}
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#define BUG_SYNC "mutex for writes; items leak"
#include "verify/corpora/bugs/bug_impl.h"
