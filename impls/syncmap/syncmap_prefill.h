/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_prefill.h - sync.Map: filling it in one step, for variants whose
   new keys cost O(keys) each. */
#ifndef RM_SYNCMAP_PREFILL_H
#define RM_SYNCMAP_PREFILL_H

#include "impls/syncmap/syncmap_dirty.h"

#include <errno.h>

/* rm_map_ops.load: all keys go into one dirty, which is promoted. */
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

#endif /* RM_SYNCMAP_PREFILL_H */
