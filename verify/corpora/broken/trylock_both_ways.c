/* SPDX-License-Identifier: Apache-2.0 */
/* trylock_both_ways.c - shards under mutexes; scan and clear hold all of them.
 *
 * Bug: scan locks in ascending order, clear in descending order. To avoid
 * deadlock both use trylock: if it fails, they release all locks and start
 * again. Two of them can repeat this forever, and busy shards can starve
 * either. Corrected version: both lock in ascending order and wait. Lookups
 * write to the lock of their shard. */
#ifndef ID
#define ID trylock_both_ways
#endif
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

struct guard {
	pthread_mutex_t lock;
};

static inline void guard_init(struct guard *guard)
{
	pthread_mutex_init(&guard->lock, NULL);
}

static inline void guard_end(struct guard *guard)
{
	pthread_mutex_destroy(&guard->lock);
}

static inline void guard_write(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_mutex_lock(&guard->lock);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	guard_write(guard, thread);
}

static inline void guard_leave(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_mutex_unlock(&guard->lock);
}

static inline void *guard_map(void *thread)
{
	return thread;
}

#include "verify/corpora/broken/shards.h"

static struct guard *nth(struct map *map, size_t i, bool down)
{
	return &map->shard[down ? SHARDS - 1 - i : i].guard;
}

/* Returns false if another thread had locked a shard; no lock is then held. */
static bool try_all(struct map *map, bool down)
{
	for (size_t i = 0; i < SHARDS; i++) {
		if (!pthread_mutex_trylock(&nth(map, i, down)->lock))
			continue;
		while (i)
			guard_leave(nth(map, --i, down), map);
		return false;
	}
	return true;
}

static void enter_all(struct map *map, bool down)
{
	if (RIGHT) {
		for (size_t i = 0; i < SHARDS; i++)
			guard_write(nth(map, i, false), map);
		return;
	}
	while (!try_all(map, down))
		;
}

static void leave_all(struct map *map)
{
	for (size_t i = 0; i < SHARDS; i++)
		guard_leave(&map->shard[i].guard, map);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;
	bool more = true;

	(void)shape;
	enter_all(map, false);
	for (size_t i = 0; more && i < SHARDS; i++)
		more = chain_scan(&map->shard[i].chain, fn, context);
	leave_all(map);
}

static void clear(void *thread)
{
	struct map *map = thread;
	size_t taken = 0;

	enter_all(map, true);
	for (size_t i = 0; i < SHARDS; i++)
		taken += chain_empty(&map->shard[i].chain);
	atomic_fetch_sub(&map->count, (int64_t)taken);
	leave_all(map);
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = shards_insert_if_absent,
	.scan = scan,
	.length = shards_length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "mutex", "point-in-time", "blocking"),
};
