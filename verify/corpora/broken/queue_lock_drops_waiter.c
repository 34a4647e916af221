/* SPDX-License-Identifier: Apache-2.0 */
/* queue_lock_drops_waiter.c - shards under a hand-written queue lock (idea:
 * Mellor-Crummey and Scott 1991): each waiter spins on its own word.
 *
 * Bug: a thread that unlocks and knows no successor first checks whether it is
 * the last in the queue, and empties the queue in a second step. A thread that
 * queues up in between is never woken. Corrected version: one compare-and-swap
 * does both. Lookups write to the lock of their shard. */
#ifndef ID
#define ID queue_lock_drops_waiter
#endif
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

/* A thread's place in a queue; a thread is in one queue at a time. */
struct waiter {
	_Alignas(128) _Atomic(struct waiter *) next;
	_Atomic bool waits;
	struct map *map;
};

struct guard {
	_Atomic(struct waiter *) last;
};

static inline void guard_init(struct guard *guard)
{
	atomic_init(&guard->last, NULL);
}

static inline void guard_end(struct guard *guard)
{
	(void)guard;
}

static inline void guard_write(struct guard *guard, void *thread)
{
	struct waiter *me = thread;
	unsigned looks = 0;

	atomic_store(&me->next, NULL);
	atomic_store(&me->waits, true);
	struct waiter *before = atomic_exchange(&guard->last, me);
	if (!before)
		return;
	atomic_store(&before->next, me);
	while (atomic_load(&me->waits))
		spin_wait(&looks);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	guard_write(guard, thread);
}

/* Empties the queue if no thread is after `me`; returns whether it did. */
static inline bool guard_empty(struct guard *guard, struct waiter *me)
{
	struct waiter *last = me;

	if (RIGHT)
		return atomic_compare_exchange_strong(
		        &guard->last, &last, NULL);
	if (atomic_load(&guard->last) != me)
		return false;
	atomic_store(&guard->last, NULL);
	return true;
}

static inline void guard_leave(struct guard *guard, void *thread)
{
	struct waiter *me = thread;
	unsigned looks = 0;

	if (!atomic_load(&me->next)) {
		if (guard_empty(guard, me))
			return;
		/* the successor will be linked soon */
		while (!atomic_load(&me->next))
			spin_wait(&looks);
	}
	atomic_store(&atomic_load(&me->next)->waits, false);
}

static inline void *guard_map(void *thread)
{
	return ((struct waiter *)thread)->map;
}

#include "verify/corpora/broken/shards.h"

static void *join(void *opaque, size_t slot)
{
	struct waiter *me = aligned_alloc(128, sizeof(*me));

	(void)slot;
	if (!me)
		return NULL;
	atomic_init(&me->next, NULL);
	atomic_init(&me->waits, false);
	me->map = opaque;
	return me;
}

/* The successor has been woken and no longer accesses this record. */
static void leave(void *thread)
{
	free(thread);
}

static void quiesce(void *thread)
{
	(void)thread;
}

static const struct rm_map_ops ops = {
	.create = shards_create,
	.destroy = shards_destroy,
	.join = join,
	.leave = leave,
	.lookup = shards_lookup,
	.remove = shards_remove,
	.quiesce = quiesce,
	.exchange = shards_exchange,
	.take = shards_take,
	.compare_swap = shards_compare_swap,
	.scan = shards_scan,
	.length = shards_length,
	.check = shards_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "mcs", "once-if-present", "blocking"),
};
