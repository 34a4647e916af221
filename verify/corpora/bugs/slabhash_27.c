/* SPDX-License-Identifier: Apache-2.0 */
/* slabhash_27.c - an insert searches the slots of its bucket for the key and
 * then claims the first free one. If a removal frees an earlier slot between
 * these steps, two inserts of one key claim different slots, and the key is
 * present twice. */
#ifndef BUG_ID
#define BUG_ID slabhash_27
#endif
#include "verify/corpora/bugs/gc.h"

enum { BUCKETS = 1024, SLOTS = 8 };

struct node { /* never changes while it is in a slot */
	struct gc_item gc;
	uint64_t key, word;
};

struct slab {
	_Atomic(struct node *) slots[SLOTS];
	_Atomic(struct slab *) next; /* set once */
};

struct bucket {
	pthread_mutex_t lock; /* held by inserts in the corrected version */
	struct slab slab;
};

struct map {
	struct gc gc;
	struct bucket buckets[BUCKETS];
};

typedef _Atomic(struct node *) slot_t;

static void gc_free(struct gc *gc, struct gc_item *item)
{
	(void)gc;
	free(item);
}

/* seq_cst throughout: the bug is the time at which slots are claimed. */
static struct slab *next_slab(struct slab *slab)
{
	struct slab *next = atomic_load(&slab->next), *own;

	if (next)
		return next;
	own = bug_alloc(sizeof(*own));
	if (atomic_compare_exchange_strong(&slab->next, &next, own))
		return own;
	free(own);
	return next;
}

/* Returns the slot with the key, and its node in *node. If the key is absent,
 * returns NULL and, if `empty` is not NULL, the first free slot in *empty. */
static inline slot_t *search(struct bucket *bucket, struct rm_key key,
        struct node **node, slot_t **empty)
{
	struct slab *slab = &bucket->slab;

	for (; slab; slab = atomic_load(&slab->next)) {
		for (int i = 0; i < SLOTS; i++) {
			*node = atomic_load(&slab->slots[i]);
			if (*node && (*node)->key == key.word)
				return slab->slots + i;
			if (!*node && empty && !*empty)
				*empty = slab->slots + i;
		}
	}
	return NULL;
}

/* Returns the slot of the key; if it is absent, claims a free slot for `new`
 * and returns NULL. */
static slot_t *insert_unique(struct bucket *bucket, struct rm_key key,
        struct node *new, struct node **node)
{
	for (;;) {
		slot_t *empty = NULL;
		slot_t *slot = search(bucket, key, node, &empty);
		struct slab *slab = &bucket->slab;
		struct node *none = NULL;

		if (slot)
			return slot;
		if (empty && atomic_compare_exchange_strong(empty, &none, new))
			return NULL;
		while (!empty && atomic_load(&slab->next))
			slab = atomic_load(&slab->next);
		if (!empty)
			next_slab(slab);
	}
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;
	struct node *node;

	(void)shape;
	gc_enter(thread);
	const bool was_there =
	        search(map->buckets + hash_of(key) % BUCKETS, key, &node, NULL);

	if (was_there)
		store_result(value, node->word);
	gc_leave(thread);
	return was_there;
}

/* If `new` is NULL, removes the key. */
static bool replace(
        void *opaque, struct rm_key key, struct node *new, struct rm_value *old)
{
	struct gc_thread *thread = opaque;
	struct map *map = thread->map;
	struct bucket *bucket = map->buckets + hash_of(key) % BUCKETS;
	struct node *node = NULL;
	slot_t *slot;

	gc_enter(thread);
	do {
		if (new &&twin)
			pthread_mutex_lock(&bucket->lock);
		slot = new ? insert_unique(bucket, key, new, &node)
		           : search(bucket, key, &node, NULL);
		if (new &&twin)
			pthread_mutex_unlock(&bucket->lock);
	} while (slot && !atomic_compare_exchange_strong(slot, &node, new));
	if (slot) {
		store_result(old, node->word);
		gc_retire(&map->gc, &node->gc);
	}
	gc_leave(thread);
	return slot;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct node *new = bug_alloc(sizeof(*new));

	(void)shape;
	new->key = key.word;
	new->word = value->word[0];
	return replace(thread, key, new, old);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)shape;
	return replace(thread, key, NULL, old);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = bug_alloc(sizeof(*map));

	gc_create(&map->gc, sizing->threads, 64);
	for (int i = 0; i < BUCKETS; i++)
		pthread_mutex_init(&map->buckets[i].lock, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (int i = 0; i < BUCKETS; i++) {
		struct slab *first = &map->buckets[i].slab, *slab = first;

		for (struct slab *next; slab; slab = next) {
			next = atomic_load(&slab->next);
			for (int j = 0; j < SLOTS; j++)
				free(atomic_load(&slab->slots[j]));
			if (slab != first)
				free(slab);
		}
		pthread_mutex_destroy(&map->buckets[i].lock);
	}
	gc_destroy(&map->gc);
	free(map);
}

#define BUG_SYNC "cas, epoch"
#include "verify/corpora/bugs/bug_impl.h"
