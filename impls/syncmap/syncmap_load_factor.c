/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_load_factor.c - sync.Map that promotes a full dirty.
 *
 * Like syncmap, but the store that fills more than 3/4 of dirty's slots
 * promotes it; misses are counted without effect. In Go the load factor makes a
 * map grow and does not affect promotion. Until dirty is that full, each lookup
 * of a new key takes the mutex. A new dirty has space for at least one more key
 * before it is full.
 */
#define SYNCMAP_RULES .promotion = SYNCMAP_PROMOTE_LOADED
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_load_factor = {
	.id = "syncmap_load_factor",
	.label = "C port of sync.Map, promotes by load, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its promotion as misdescribed",
	.system = "M4",
	SYNCMAP_MAP,
};
