/* SPDX-License-Identifier: Apache-2.0 */
/* update_outside_lock.c - shards under reader-writer locks; update() calls its
 * callback without a lock, so that the callback may use the map.
 *
 * Bug: the value is read in one critical section and written in another. If
 * another thread writes in between, its write is lost. Corrected version: the
 * callback runs under the lock. Lookups write to the lock of their shard. */
#ifndef ID
#define ID update_outside_lock
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

static bool update_late(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct rm_value old = { { 0 } }, value = { { 0 } };
	const bool was_there = shards_lookup(thread, shape, key, &old);

	if (!fn(context, was_there ? &old : NULL, &value))
		return was_there;
	return shards_exchange(thread, shape, key, &value, NULL);
}

static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	if (RIGHT)
		return shards_update(thread, shape, key, fn, context);
	return update_late(thread, shape, key, fn, context);
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = shards_insert_if_absent,
	.compare_swap = shards_compare_swap,
	.compare_remove = shards_compare_remove,
	.update = update,
	.scan = shards_scan,
	.length = shards_length,
	.clear = shards_clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
