/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_without_second_look.c - shards under reader-writer locks; a write
 * first checks under the read lock whether its key is present.
 *
 * Bug: POSIX locks cannot be upgraded, so exchange() releases the read lock and
 * takes the write lock. If the first search did not find the key, it inserts
 * the key without another search. If two threads do this with one key, it is
 * present twice. Corrected version: it searches again. Lookups write to the
 * lock of their shard. */
#ifndef ID
#define ID upgrade_without_second_look
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

/* Inserts a new node at the head of its bucket. The caller holds the write
   lock. */
static void put_in_front(struct map *map, struct shard *shard,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct chain *chain = &shard->chain;
	struct node **head =
	        &chain->bucket[chain_hash(chain, key.word) & chain->mask];
	struct node *node = chain_node(shape, key, value);

	node->next = *head;
	*head = node;
	atomic_fetch_add(&map->count, 1);
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	struct shard *shard = shard_of(thread, key);

	guard_read(&shard->guard, thread);
	const bool seen = *chain_spot(&shard->chain, key) != NULL;
	guard_leave(&shard->guard, thread);

	guard_write(&shard->guard, thread);
	/* by now, another thread may have removed or inserted the key */
	struct node *node =
	        seen || RIGHT ? *chain_spot(&shard->chain, key) : NULL;
	if (node) {
		broken_copy(shape, old, &node->value);
		broken_copy(shape, &node->value, value);
	} else {
		put_in_front(map, shard, shape, key, value);
	}
	guard_leave(&shard->guard, thread);
	return node != NULL;
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = exchange,
	.take = shards_take,
	.scan = shards_scan,
	.length = shards_length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
