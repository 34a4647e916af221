/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_lock_drops_waiter.c - shards under a queue lock made by hand (the idea:
 * Mellor-Crummey and Scott 1991): each waiter spins on a word of its own.
 *
 * The bug: who leaves and sees nobody behind it looks whether it is the last
 * and then empties the queue, in two steps. A thread that queues up in between
 * is never woken. The twin does both in one compare-and-swap. A lookup writes
 * the lock of its shard.
 */
#ifndef ID
#define ID queue_lock_drops_waiter
#endif
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

/* One thread's place in a queue: it is in one at a time. */
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

/* Whether nobody was behind `me`: then the lock is free. */
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
		while (!atomic_load(&me->next)) /* it is about to say so */
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

/* Whoever is behind has been told and does not look back. */
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
	.upsert = shards_upsert,
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
	BROKEN_NAMED,
	.family = "shard",
	.sync = "mcs",
	.guarantees = "once-if-present",
	.progress = "blocking",
	BROKEN_U64,
};
