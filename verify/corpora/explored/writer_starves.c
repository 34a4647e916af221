/* SPDX-License-Identifier: Apache-2.0 */
/* writer_starves.c - shards under reader-writer locks, in a map that promises
 * that no operation starves.
 *
 * Bug: readers share the lock while a writer waits. Corrected version: reads
 * and writes wait in one queue of tickets. */
#ifndef ID
#define ID writer_starves
#endif
#include "impls/support/no_handle.h"
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

struct guard {
	pthread_rwlock_t lock;
	_Atomic uint64_t ticket, serving;
};

static inline void guard_init(struct guard *guard)
{
	pthread_rwlock_init(&guard->lock, NULL);
}

static inline void guard_end(struct guard *guard)
{
	pthread_rwlock_destroy(&guard->lock);
}

RM_HOT void queue_up(struct guard *guard)
{
	const uint64_t ticket = guard->ticket++;
	unsigned looks = 0;

	while (guard->serving != ticket)
		spin_wait(&looks);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	if (RIGHT)
		queue_up(guard);
	else
		pthread_rwlock_rdlock(&guard->lock);
}

static inline void guard_write(struct guard *guard, void *thread)
{
	(void)thread;
	if (RIGHT)
		queue_up(guard);
	else
		pthread_rwlock_wrlock(&guard->lock);
}

static inline void guard_leave(struct guard *guard, void *thread)
{
	(void)thread;
	if (RIGHT)
		guard->serving++;
	else
		pthread_rwlock_unlock(&guard->lock);
}

static inline void *guard_map(void *thread)
{
	return thread;
}

#include "verify/corpora/broken/shards.h"

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "starvation-free"),
};
