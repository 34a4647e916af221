/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_range_lock.c - sync.Map whose Range copies under the lock.
 *
 * Like syncmap, but a scan copies all pairs and visits them under the mutex, so
 * new keys and misses wait until the scan ends. Go promotes dirty and visits
 * the read map without a lock. The function that scan calls must not use the
 * map.
 */
#define SYNCMAP_RULES .range_locks = true
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_range_lock = {
	.id = "syncmap_range_lock",
	.label = "C port of sync.Map, locked Range, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its Range as misdescribed",
	.system = "M4",
	SYNCMAP_MAP,
};
