/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_dump.h - sync.Map: how its entries are split between read and dirty,
   and both maps, for a person. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_DUMP_H
#define RM_SYNCMAP_DUMP_H

#include "impls/gomap/gomap_dump.h"
#include "impls/syncmap/syncmap_check.h"

/* rm_map_ops.dump: of a map that nobody else uses. */
static inline void syncmap_dump(void *opaque, int fd)
{
	struct syncmap *map = opaque;
	const struct syncmap_figures figures = syncmap_figures(map);

	dprintf(fd,
	        "sync.Map: %s, read %zu entries (%zu nil, %zu expunged), dirty "
	        "%zu, misses %zu, promotions %llu, rebuilds %llu\nread: ",
	        figures.amended ? "amended" : "not amended", figures.read_keys,
	        figures.nil, figures.expunged, figures.dirty_keys,
	        figures.misses, (unsigned long long)figures.promotions,
	        (unsigned long long)figures.rebuilds);
	gomap_dump(syncmap_read_locked(map)->map, fd);
	dprintf(fd, "dirty: %s", map->dirty ? "" : "none\n");
	if (map->dirty)
		gomap_dump(map->dirty, fd);
}

#endif /* RM_SYNCMAP_DUMP_H */
