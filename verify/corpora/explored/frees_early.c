/* SPDX-License-Identifier: Apache-2.0 */
/* frees_early.c - a lookup reads its node again after the lock, and then
 * decrements the count of readers without release. The remove that waits for
 * the count frees the node later in time, but nothing orders the two. */
#ifndef PLANTED_ID
#define PLANTED_ID frees_early
#endif
#include "verify/corpora/planted/planted.h"

struct looking {
	_Atomic uint64_t threads;
};

static void *with_readers(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(struct looking));
	return map;
}

static void without_readers(void *opaque)
{
	struct planted *map = opaque;

	free(map->extra);
	base_destroy(map);
}

RM_HOT bool looks_again(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct planted *map = thread;
	struct looking *looking = map->extra;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);
	const bool there = node;

	if (node)
		copy(shape, value, &node->value);
	++looking->threads;
	pthread_mutex_unlock(&map->lock);
	if (node && node->key != key.word)
		abort();
	/* release: pairs with the acquire in waits_and_frees() */
	atomic_fetch_sub_explicit(&looking->threads, 1,
	        twin ? memory_order_release : memory_order_relaxed);
	return there;
}

RM_HOT bool waits_and_frees(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;
	struct looking *looking = map->extra;

	pthread_mutex_lock(&map->lock);
	struct node *node = taken(map, shape, key, old);
	const bool was_there = node;

	/* acquire: readers are done with the node. Under the lock, so that no
	 * new reader starts */
	while (atomic_load_explicit(&looking->threads, memory_order_acquire))
		sched_yield();
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

#define PLANTED_CREATE  with_readers
#define PLANTED_DESTROY without_readers
#define PLANTED_LOOKUP  looks_again
#define PLANTED_TAKE    waits_and_frees
#include "verify/corpora/planted/planted_impl.h"
