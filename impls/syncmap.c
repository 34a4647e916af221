/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap.c - Go's classic sync.Map (before 1.24), with reclamation.
 *
 * A read map without locks, a dirty map under a mutex, promotion by misses:
 * impls/support/syncmap.h. A lookup of a key that has been promoted writes
 * nothing shared; a lookup that misses takes the mutex. What Go's collector
 * does silently is done by epochs here, and counted.
 */
#include "impls/support/syncmap.h"
#include "runner/driver.h"

static void *create(const struct rm_sizing *sizing)
{
	return syncmap_create(sizing, false);
}

static void quiesce(void *thread)
{
	epoch_quiesce(thread);
}

static void park(void *thread)
{
	epoch_park(thread);
}

static void unpark(void *thread)
{
	epoch_unpark(thread);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = syncmap_destroy,
	.join = syncmap_join,
	.leave = syncmap_leave,
	.lookup = syncmap_lookup,
	.upsert = syncmap_upsert,
	.remove = syncmap_remove,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark,
	.exchange = syncmap_exchange,
	.take = syncmap_take,
	.insert_if_absent = syncmap_insert_if_absent,
	.compare_swap = syncmap_compare_swap,
	.scan = syncmap_scan,
	.length = syncmap_length,
	.clear = syncmap_clear,
	.stats = syncmap_stats,
	.check = syncmap_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_syncmap = {
	.id = "syncmap",
	.label = "sync.Map",
	.family = "sync",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M4",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
