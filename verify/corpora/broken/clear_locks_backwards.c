/* SPDX-License-Identifier: Apache-2.0 */
/* clear_locks_backwards.c - shards under reader-writer locks; scan and clear
 * hold all of them, so that they are atomic.
 *
 * Bug: scan locks from the first shard to the last, clear from the last to the
 * first. Each can hold a lock for which the other waits. Corrected version:
 * both lock in the same order. Lookups write to the lock of their shard. */
#ifndef ID
#define ID clear_locks_backwards
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

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
	for (size_t i = 0; i < SHARDS; i++)
		guard_read(&map->shard[i].guard, thread);
	for (size_t i = 0; more && i < SHARDS; i++)
		more = chain_scan(&map->shard[i].chain, fn, context);
	leave_all(map);
}

static void clear(void *thread)
{
	struct map *map = thread;
	size_t taken = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		const size_t s = RIGHT ? i : SHARDS - 1 - i;

		guard_write(&map->shard[s].guard, thread);
	}
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
	.update = shards_update,
	.scan = scan,
	.length = shards_length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "point-in-time", "blocking"),
};
