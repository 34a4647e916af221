/* SPDX-License-Identifier: Apache-2.0 */
/* loser_never_freed.c - shards under reader-writer locks; insert_if_absent()
 * allocates outside the lock.
 *
 * Bug: if the key is present by the time the lock is held, the new node is not
 * freed. Corrected version: it is freed. Lookups write to the lock of their
 * shard. */
#ifndef ID
#define ID loser_never_freed
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct map *map = thread;
	struct shard *shard = shard_of(thread, key);

	if (shards_lookup(thread, shape, key, present))
		return true;

	struct node *node = chain_node(shape, key, value);

	guard_write(&shard->guard, thread);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;
	if (was_there) {
		broken_copy(shape, present, &(*link)->value);
	} else {
		*link = node;
		atomic_fetch_add(&map->count, 1);
	}
	guard_leave(&shard->guard, thread);
	if (RIGHT && was_there)
		free(node);
	return was_there;
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = shards_compare_swap,
	.length = shards_length,
	.clear = shards_clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
