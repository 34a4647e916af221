/* SPDX-License-Identifier: Apache-2.0 */
/* frees_early.c - a lookup reads its node again after it has unlocked, and then
 * decrements the count of readers without release. The remove that waits for
 * the count frees the node later, but the read is not ordered before the
 * free. */
#ifndef PLANTED_ID
#define PLANTED_ID frees_early
#endif
#include "verify/corpora/planted/planted.h"

struct readers {
	_Atomic uint64_t threads;
};

RM_HOT bool lookup_after_lock(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;
	struct readers *readers = map->extra;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);
	const bool there = node;

	if (node)
		copy(shape, value, &node->value);
	++readers->threads;
	pthread_mutex_unlock(&map->lock);
	if (node && node->key != key.word)
		abort();
	/* release: pairs with the acquire in take_and_wait() */
	atomic_fetch_sub_explicit(&readers->threads, 1,
	        twin ? memory_order_release : memory_order_relaxed);
	return there;
}

RM_HOT bool take_and_wait(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;
	struct readers *readers = map->extra;

	pthread_mutex_lock(&map->lock);
	struct node *node = take_locked(map, shape, key, old);
	const bool was_there = node;

	/* acquire: readers are done with the node. Under the lock, so that no
	 * new reader starts */
	while (atomic_load_explicit(&readers->threads, memory_order_acquire))
		sched_yield();
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

#define PLANTED_EXTRA  struct readers
#define PLANTED_LOOKUP lookup_after_lock
#define PLANTED_TAKE   take_and_wait
#include "verify/corpora/planted/planted_impl.h"
