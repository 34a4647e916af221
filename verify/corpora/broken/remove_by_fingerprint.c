/* SPDX-License-Identifier: Apache-2.0 */
/* remove_by_fingerprint.c - shards under reader-writer locks; a removal
 * searches the node by a 32-bit fingerprint, which is the folded key.
 *
 * Bug: it removes the first node with that fingerprint, which may belong to
 * another key of the bucket. Corrected version: it also compares the keys.
 * Lookups write to the lock of their shard. */
#ifndef ID
#define ID remove_by_fingerprint
#endif
#include "verify/corpora/broken/guard.h"

/* Buckets are chosen by fingerprint, so keys with equal fingerprints share a
 * bucket. */
static inline uint32_t fingerprint(uint64_t word)
{
	return (uint32_t)(word ^ word >> 32);
}

#include "verify/corpora/broken/shards.h"

static struct rm_key folded(struct rm_key key)
{
	return (struct rm_key){ .word = fingerprint(key.word) };
}

static struct node **spot(
        struct chain *chain, struct rm_key key, bool whole_key)
{
	struct node **link =
	        &chain->bucket[chain_hash(chain, fingerprint(key.word)) &
	                       chain->mask];

	for (; *link; link = &(*link)->next) {
		if (fingerprint((*link)->key) != fingerprint(key.word))
			continue;
		if (!whole_key || (*link)->key == key.word)
			break;
	}
	return link;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = shard_of(thread, folded(key));

	guard_read(&shard->guard, thread);
	const struct node *node = *spot(&shard->chain, key, true);
	if (node)
		broken_copy(shape, value, &node->value);
	guard_leave(&shard->guard, thread);
	return node != NULL;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = shard_of(thread, folded(key));

	guard_write(&shard->guard, thread);
	struct node **link = spot(&shard->chain, key, true);
	const bool was_there = *link != NULL;
	if (was_there)
		broken_copy(shape, old, &(*link)->value);
	shards_put(thread, link, shape, key, value);
	guard_leave(&shard->guard, thread);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	struct shard *shard = shard_of(thread, folded(key));

	guard_write(&shard->guard, thread);
	struct node **link = spot(&shard->chain, key, RIGHT);
	const bool was_there = *link != NULL;
	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		chain_drop(link);
		atomic_fetch_sub(&map->count, 1);
	}
	guard_leave(&shard->guard, thread);
	return was_there;
}

static const struct rm_map_ops ops = {
	.create = shards_create,
	.destroy = shards_destroy,
	.join = map_itself,
	.leave = nothing,
	.lookup = lookup,
	.quiesce = nothing,
	.exchange = exchange,
	.take = take,
	.scan = shards_scan,
	.length = shards_length,
	.clear = shards_clear,
	.check = shards_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
