/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - copy on write: an immutable map, published through one atomic
 * pointer.
 *
 * A lookup loads the pointer and searches a Go map that never changes; it
 * writes no shared memory. A write takes a mutex, clones the whole map, changes
 * the clone and publishes it, which takes O(keys) time and memory. Epochs
 * retire old maps. snapshot_version adds article S0's version numbers.
 */
#include "impls/snapshot/snapshot_write.h"
#include "runner/driver.h"

static void destroy(void *opaque)
{
	snapshot_free_content(opaque);
	free(opaque);
}

static void *create(const struct rm_sizing *sizing)
{
	struct snapshot *map = aligned_alloc(EPOCH_PAD, sizeof(*map));

	if (!map || snapshot_init(map, sizing))
		return map;
	destroy(map);
	return NULL;
}

static const struct rm_map_ops ops = {
	SNAPSHOT_SHARED_OPS,
	.create = create,
	.destroy = destroy,
	.lookup = snapshot_lookup,
	.load = snapshot_load,
	.stats = snapshot_stats,
	.check = snapshot_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot = {
	.id = "snapshot",
	.label = "snapshot",
	.source = "copy on write, as the articles do with atomic.Value",
	SNAPSHOT_SHARED,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed with "
	               "its map, after an epoch",
};
