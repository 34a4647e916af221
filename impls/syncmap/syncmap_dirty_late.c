/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_dirty_late.c - sync.Map that builds dirty late.
 *
 * Like syncmap, but a new key makes a dirty only if there were more misses than
 * the read map has entries. If there is no dirty, lookups of absent keys count
 * as misses, too. Otherwise the key goes into a copy of the read map, which is
 * published at once. This takes O(keys) per new key if writes outnumber misses.
 * In Go the first new key always makes a dirty. The map is prefilled in one
 * step.
 */
#define SYNCMAP_RULES .late_dirty = true
#include "impls/syncmap/syncmap.h"
#include "impls/syncmap/syncmap_dirty.h"
#include "runner/driver.h"

#include <errno.h>

/* Implements rm_map_ops.load. Puts all keys into one dirty and promotes it. */
static inline int syncmap_prefill(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	const struct rm_shape inner = syncmap_inner(shape);
	struct syncmap *map = syncmap_of(thread);
	struct rm_value value;
	struct rm_key key;

	syncmap_lock(&map->lock);
	map->dirty = syncmap_gomap(map, source->count);
	if (!map->dirty) {
		syncmap_unlock(&map->lock);
		return -ENOMEM;
	}
	for (size_t i = 0; i < source->count; i++) {
		source->at(source, i, &key, &value);
		syncmap_dirty_add(map, inner, key,
		        syncmap_entry_new(
		                inner, key, syncmap_cell_new(shape, &value)));
	}
	syncmap_promote(thread, map);
	syncmap_unlock(&map->lock);
	syncmap_settle(thread);
	return 0;
}

static const struct rm_map_ops ops = { SYNCMAP_OPS, .load = syncmap_prefill };

RM_DRIVES(ops)

const struct rm_impl rm_impl_syncmap_dirty_late = {
	.id = "syncmap_dirty_late",
	.label = "C port of sync.Map, late dirty, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its dirty map as misdescribed",
	.system = "M4",
	.caps = RM_CAP_SLOW_WRITES,
	SYNCMAP_MAP,
};
