/* SPDX-License-Identifier: Apache-2.0 */
/* count_behind_lock.c - shards under reader-writer locks with one atomic count
 * of entries.
 *
 * Bug: an insert counts its key after it has released the lock, to keep the
 * critical section short. If another thread removes the key in between, it
 * subtracts first. Then the count of a nearly empty map is briefly negative,
 * and length returns a huge size_t. Corrected version: it counts under the
 * lock. Lookups write to the lock of their shard. */
#ifndef ID
#define ID count_behind_lock
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	struct shard *shard = shard_of(thread, key);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		broken_copy(shape, &(*link)->value, value);
	} else {
		*link = chain_node(shape, key, value);
		if (RIGHT)
			atomic_fetch_add(&map->count, 1);
	}
	guard_leave(&shard->guard, thread);
	if (!RIGHT && !was_there)
		atomic_fetch_add(&map->count, 1);
	return was_there;
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = exchange,
	.take = shards_take,
	.compare_swap = shards_compare_swap,
	.compare_remove = shards_compare_remove,
	.scan = shards_scan,
	.length = shards_length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
