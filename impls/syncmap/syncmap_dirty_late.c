/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_dirty_late.c - sync.Map that makes dirty late.
 *
 * As syncmap, but a new key makes a dirty only if there were more misses than
 * the read map has entries; lookups of absent keys count while there is no
 * dirty, too. Else the key goes into a copy of the read map that is published
 * at once: O(keys) per new key, for a map that is written more than missed. In
 * Go the first new key always makes a dirty. Prefilled in one step.
 */
#define SYNCMAP_RULES .late_dirty = true
#include "impls/syncmap/syncmap.h"
#include "impls/syncmap/syncmap_prefill.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_OPS, .load = syncmap_prefill };

RM_DRIVES(ops)

const struct rm_impl rm_impl_syncmap_dirty_late = {
	.id = "syncmap_dirty_late",
	.label = "port of sync.Map, late dirty, waits in the kernel",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go; its dirty map as misdescribed",
	.system = "M4",
	.caps = RM_CAP_SLOW_WRITES,
	SYNCMAP_MAP,
};
