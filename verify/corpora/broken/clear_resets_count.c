/* SPDX-License-Identifier: Apache-2.0 */
/* clear_resets_count.c - shards under reader-writer locks with one count of all
 * entries.
 *
 * Bug: clear() empties one shard after the other and finally sets the count to
 * 0. If an entry is inserted into a shard that was already emptied, it stays in
 * the map but is not counted. Corrected version: clear() subtracts the entries
 * of each shard. Lookups write to the lock of their shard. */
#ifndef ID
#define ID clear_resets_count
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

static void clear(void *thread)
{
	struct map *map = thread;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		guard_write(&shard->guard, thread);
		const size_t taken = chain_empty(&shard->chain);
		if (RIGHT)
			atomic_fetch_sub(&map->count, (int64_t)taken);
		guard_leave(&shard->guard, thread);
	}
	if (!RIGHT)
		atomic_store(&map->count, 0);
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = shards_insert_if_absent,
	.scan = shards_scan,
	.length = shards_length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
