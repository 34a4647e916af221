/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_version.c - copy on write, with a version number for each snapshot.
   Like snapshot, but the pointer leads to {version, map}. So a lookup loads one
   more pointer and the version, and compares the version with the last one that
   its thread saw. It writes no shared memory. */
#include "impls/snapshot/snapshot_version.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = {
	SNAPSHOT_SHARED_OPS,
	.create = snapshot_version_create,
	.destroy = snapshot_version_destroy,
	.lookup = snapshot_version_lookup,
	.load = snapshot_version_load,
	.stats = snapshot_version_stats,
	.check = snapshot_version_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot_version = {
	.id = "snapshot_version",
	.label = "snapshot, numbered",
	.source =
	        "copy on write with a version in each snapshot, as an article "
	        "does with atomic.Value",
	SNAPSHOT_SHARED,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed with "
	               "its map, after an epoch",
};
