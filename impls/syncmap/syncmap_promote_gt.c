/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_promote_gt.c - sync.Map that promotes one miss later.
 *
 * Like syncmap, but dirty is promoted when there are more misses than entries
 * in dirty; Go promotes as soon as there are as many.
 */
#define SYNCMAP_RULES .promotion = SYNCMAP_PROMOTE_OVER
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_promote_gt = {
	.id = "syncmap_promote_gt",
	.label = "C port of sync.Map, misses > dirty, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its promotion as misdescribed",
	.system = "M4",
	SYNCMAP_MAP,
};
