/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_hp.c - Go's classic sync.Map, reclaimed by hazard pointers.
 *
 * Like syncmap, but a lookup names the box that it reads. That costs one atomic
 * exchange on a cache line of its own thread, which other threads occasionally
 * read, and a second load of the entry. No thread waits for another thread's
 * batch. Even if a reader stops, the unfreed memory is bounded, except for
 * headers, maps and removed entries (see impls/syncmap/syncmap_hazard.h).
 */
#define SYNCMAP_RECLAMATION "impls/syncmap/syncmap_hazard.h"
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_hp = {
	.id = "syncmap_hp",
	.label = "C port of sync.Map, hazard ptrs, waits in the kernel",
	.sync = "hazard",
	.source = "Go 1.19-1.23, sync/map.go; Michael, Hazard Pointers, 2004",
	.system = "M4",
	SYNCMAP_MAP,
};
