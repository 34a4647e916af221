/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_batch.c - copy on write, with many writes per copy.
 *
 * Like snapshot, but writers that wait for the lock put their operations into
 * slots, and the lock's holder performs all of them on one copy
 * (impls/snapshot/snapshot_batch.h). With one writer a write still costs
 * O(keys), with W writers up to W times less. A write returns after it has been
 * published. Lookups write no shared memory.
 */
#include "impls/snapshot/snapshot_batch.h"
#include "runner/driver.h"

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	(void)shape;
	return snapshot_submit(
	        thread, (struct snapshot_operation){ .kind = SNAPSHOT_EXCHANGE,
	                        .key = key,
	                        .value = value,
	                        .old = old });
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	(void)shape;
	return snapshot_submit(
	        thread, (struct snapshot_operation){ .kind = SNAPSHOT_INSERT,
	                        .key = key,
	                        .value = value,
	                        .old = present });
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)shape;
	return snapshot_submit(thread,
	        (struct snapshot_operation){
	                .kind = SNAPSHOT_TAKE, .key = key, .old = old });
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	(void)shape;
	return snapshot_submit(
	        thread, (struct snapshot_operation){ .kind = SNAPSHOT_SWAP,
	                        .key = key,
	                        .value = value,
	                        .expected = expected });
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	(void)shape;
	return snapshot_submit(thread,
	        (struct snapshot_operation){ .kind = SNAPSHOT_COMPARE_REMOVE,
	                .key = key,
	                .expected = expected });
}

static const struct rm_map_ops ops = {
	SNAPSHOT_SHARED_OPS,
	.create = snapshot_batch_create,
	.destroy = snapshot_batch_destroy,
	.lookup = snapshot_lookup,
	.load = snapshot_load,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.stats = snapshot_batch_stats,
	.check = snapshot_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot_batch = {
	.id = "snapshot_batch",
	.label = "snapshot, batched",
	.source = "copy on write; Hendler et al., Flat Combining, 2010",
	SNAPSHOT_SHARED,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed with "
	               "its map, after an epoch",
};
