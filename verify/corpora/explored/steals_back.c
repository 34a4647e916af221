/* SPDX-License-Identifier: Apache-2.0 */
/* steals_back.c - shards under a lock that a thread claims before it takes it.
 *
 * Bug: a thread whose claim another thread has overwritten claims the lock
 * again. Threads that move equally often do this forever. Corrected version: a
 * claim lasts until its thread releases the lock. */
#ifndef ID
#define ID steals_back
#endif
#include "impls/support/no_handle.h"
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

/* `claim` identifies a thread by an address of its stack; 0: no thread. */
struct guard {
	_Atomic uintptr_t claim;
	atomic_bool taken;
};

static inline void guard_init(struct guard *guard)
{
	atomic_init(&guard->claim, 0);
	atomic_init(&guard->taken, false);
}

static inline void guard_end(struct guard *guard)
{
	(void)guard;
}

static inline void wait_until_unclaimed(struct guard *guard, unsigned *looks)
{
	while (atomic_load(&guard->claim))
		spin_wait(looks);
}

static inline void guard_write(struct guard *guard, void *thread)
{
	unsigned looks = 0;
	const uintptr_t own = (uintptr_t)&looks;
	uintptr_t none = 0;

	(void)thread;
	wait_until_unclaimed(guard, &looks);
	while (RIGHT &&
	        !atomic_compare_exchange_strong(&guard->claim, &none, own)) {
		wait_until_unclaimed(guard, &looks);
		none = 0;
	}
	for (;;) {
		while (atomic_load(&guard->taken))
			spin_wait(&looks);
		if (!RIGHT)
			atomic_store(&guard->claim, own);
		if (atomic_load(&guard->claim) == own &&
		        !atomic_exchange(&guard->taken, true))
			return;
	}
}

static inline void guard_read(struct guard *guard, void *thread)
{
	guard_write(guard, thread);
}

static inline void guard_leave(struct guard *guard, void *thread)
{
	(void)thread;
	atomic_store(&guard->taken, false);
	atomic_store(&guard->claim, 0);
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
	BROKEN_MAP("shard", "spinlock", "once-if-present", "blocking"),
};
