/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_gc.c - Go's classic sync.Map under a collector.
 *
 * Like syncmap, but nothing is retired: the Boehm collector finds unreachable
 * memory. Like Go's collector, it stops all joined threads, but for much
 * longer. The pauses are measured. It stops threads by signals, which interrupt
 * sleeps (see impls/support/collector.h).
 *
 * needs: bdw-gc
 */
#include "impls/support/collector.h" /* must come first, because it replaces
                                        malloc */

#define SYNCMAP_RECLAMATION "impls/syncmap/syncmap_collected.h"
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_gc = {
	.id = "syncmap_gc",
	.label = "C port of sync.Map, collector, waits in the kernel",
	.sync = "collector",
	.source = "Go 1.19-1.23, sync/map.go; Boehm's collector",
	.system = "M4",
	SYNCMAP_MAP,
};
