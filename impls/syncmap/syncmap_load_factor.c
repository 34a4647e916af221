/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_load_factor.c - sync.Map that promotes a full dirty.
 *
 * As syncmap, but dirty is promoted by the store that fills more than 3/4 of
 * its slots; misses are counted and promote nothing. In Go the load factor
 * makes a map grow and has no part in promotion. Until the next power of two
 * is reached, lookups of new keys take the mutex again and again. A new dirty
 * is made so large that it can take a key without being full.
 */
#define SYNCMAP_RULES .promotion = SYNCMAP_PROMOTE_LOADED
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_load_factor = {
	.id = "syncmap_load_factor",
	.label = "C port of sync.Map, load factor, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its promotion as misdescribed",
	.system = "M4",
	SYNCMAP_MAP,
};
