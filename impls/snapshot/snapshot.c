/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - copy on write: an immutable map behind one atomic pointer.
 *
 * A lookup loads the pointer and searches a Go map that never changes; it
 * writes nothing shared. A write takes a mutex, clones the whole map, changes
 * the clone and publishes it: O(keys) in time and memory. Old maps are retired
 * through epochs. snapshot_version has S0's numbers beside, too.
 */
#include "impls/snapshot/snapshot_write.h"
#include "runner/driver.h"

static void destroy(void *opaque)
{
	snapshot_end(opaque);
	free(opaque);
}

static void *create(const struct rm_sizing *sizing)
{
	struct snapshot *map = aligned_alloc(EPOCH_PAD, sizeof(*map));

	if (!map || snapshot_begin(map, sizing))
		return map;
	destroy(map);
	return NULL;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = snapshot_join,
	.leave = snapshot_leave,
	.lookup = snapshot_lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = snapshot_quiesce,
	.park = snapshot_park,
	.unpark = snapshot_unpark,
	.load = snapshot_load,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.scan = snapshot_scan,
	.length = snapshot_length,
	.clear = snapshot_clear,
	.stats = snapshot_stats,
	.check = snapshot_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot = {
	.id = "snapshot",
	.label = "snapshot",
	.family = "rcu",
	.sync = "epoch",
	.source = "copy on write, as the articles do with atomic.Value",
	.system = "M9",
	.caps = RM_CAP_SLOW_WRITES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "in line to 128 bytes, above by pointer; freed with "
	               "its map, after an epoch",
};
