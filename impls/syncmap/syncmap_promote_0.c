/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_promote_0.c - sync.Map that promotes at every miss.
 *
 * Like syncmap, but the first miss promotes dirty, however many entries it has.
 * Lookups soon find everything in the read map, but nearly every new key causes
 * a rebuild of dirty, which takes O(keys).
 */
#define SYNCMAP_RULES .promotion = SYNCMAP_PROMOTE_FIRST
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_promote_0 = {
	.id = "syncmap_promote_0",
	.label = "C port of sync.Map, first miss, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its promotion as misdescribed",
	.system = "M4",
	.caps = RM_CAP_SLOW_WRITES, /* slow if misses come between new keys */
	SYNCMAP_MAP,
};
