/* SPDX-License-Identifier: Apache-2.0 */
/* folly_2097.c - a node counts the pointers to it, which are in its predecessor
 * and in all older versions of the predecessor that are not reclaimed yet. The
 * count has 16 bits. If one key is written 65,536 times while reclamation waits
 * for a reader, the count of the next node wraps to 0, and the node is freed
 * while it is in the chain. */
#ifndef BUG_ID
#define BUG_ID folly_2097
#endif
#include "verify/corpora/bugs/gc.h"

#ifdef BUG_TWIN
typedef uint64_t links_t;
#else
typedef uint16_t links_t;
#endif

enum { BUCKETS = 256 };

struct node {
	struct gc_item gc;
	uint64_t key, word;
	_Atomic(struct node *) next;
	/* number of pointers to this node, including those in retired nodes */
	_Atomic links_t links;
};

struct bucket {
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct node *) first;
};

struct map {
	struct gc gc;
	struct bucket buckets[BUCKETS];
};

RM_HOT struct bucket *bucket_of(struct map *map, struct rm_key key)
{
	return map->buckets + hash_of(key) % BUCKETS;
}

/* seq_cst throughout: the bug is the number of bits. */
static void point_at(struct node *node)
{
	if (node)
		atomic_fetch_add(&node->links, 1);
}

static void drop(struct gc *gc, struct node *node)
{
	if (node && atomic_fetch_sub(&node->links, 1) == 1)
		gc_retire(gc, &node->gc);
}

static void gc_free(struct gc *gc, struct gc_item *item)
{
	struct node *node = (struct node *)item;

	drop(gc, atomic_load(&node->next));
	free(node);
}

/* Returns the link to the key's node, or the last link. The caller holds the
 * bucket's lock. */
static _Atomic(struct node *) *link_of(struct bucket *bucket, struct rm_key key)
{
	_Atomic(struct node *) *link = &bucket->first;

	for (struct node *node; (node = atomic_load(link)); link = &node->next)
		if (node->key == key.word)
			break;
	return link;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct gc_thread *thread = opaque;

	(void)shape;
	gc_enter(thread);
	struct node *node = atomic_load(&bucket_of(thread->map, key)->first);

	while (node && node->key != key.word)
		node = atomic_load(&node->next);
	if (node)
		store_result(value, node->word);
	gc_leave(thread);
	return node;
}

static bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = ((struct gc_thread *)opaque)->map;
	struct bucket *bucket = bucket_of(map, key);
	struct node *new = bug_alloc(sizeof(*new));

	(void)shape;
	new->key = key.word;
	new->word = value->word[0];
	point_at(new);
	pthread_mutex_lock(&bucket->lock);
	_Atomic(struct node *) *link = link_of(bucket, key);
	struct node *node = atomic_load(link);
	const bool was_there = node;

	if (was_there) {
		store_result(old, node->word);
		atomic_store(&new->next, atomic_load(&node->next));
		point_at(atomic_load(&new->next));
		atomic_store(link, new);
		drop(&map->gc, node);
	} else {
		/* the link to the first node becomes new->next */
		atomic_store(&new->next, atomic_load(&bucket->first));
		atomic_store(&bucket->first, new);
	}
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = ((struct gc_thread *)opaque)->map;
	struct bucket *bucket = bucket_of(map, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	_Atomic(struct node *) *link = link_of(bucket, key);
	struct node *node = atomic_load(link);
	const bool was_there = node;

	if (was_there) {
		store_result(old, node->word);
		point_at(atomic_load(&node->next));
		atomic_store(link, atomic_load(&node->next));
		drop(&map->gc, node);
	}
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
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
		drop(&map->gc, atomic_load(&map->buckets[i].first));
		pthread_mutex_destroy(&map->buckets[i].lock);
	}
	gc_destroy(&map->gc);
	free(map);
}

#define BUG_SYNC "epoch and counts of links, mutex per bucket"
#include "verify/corpora/bugs/bug_impl.h"
