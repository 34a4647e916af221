/* SPDX-License-Identifier: Apache-2.0 */
/* compare_remove_takes_other.c - shards under reader-writer locks.
 *
 * Bug: compare_remove() compares under the read lock, which is cheap if the
 * value differs, and then calls remove(), which removes the value that the key
 * has by then, even if it is another one. Corrected version: it compares again
 * under the write lock. Lookups write to the lock of their shard. */
#ifndef ID
#define ID compare_remove_takes_other
#endif
#include "verify/corpora/broken/guard.h"
#include "verify/corpora/broken/shards.h"

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct rm_value present = { { 0 } };

	if (!shards_lookup(thread, shape, key, &present) ||
	        !broken_same(shape, &present, expected))
		return false;
	if (RIGHT)
		return shards_compare_remove(thread, shape, key, expected);
	return shards_remove(thread, shape, key);
}

static const struct rm_map_ops ops = {
	SHARDS_OPS,
	.remove = shards_remove,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = shards_insert_if_absent,
	.compare_swap = shards_compare_swap,
	.compare_remove = compare_remove,
	.length = shards_length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
