/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_leak.c - Go's classic sync.Map without reclamation.
 *
 * As syncmap, but what is replaced or removed is only noted down, and freed
 * with the map: the lower bound of what reclamation costs, and it grows with
 * every write. What stays in the write path is 16 bytes noted per object.
 */
#define SYNCMAP_RULES .leaks = true
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_leak = {
	.id = "syncmap_leak",
	.label = "C port of sync.Map, leaking, waits in the kernel",
	.sync = "leak",
	.source = "Go 1.19-1.23, sync/map.go; frees nothing until the end",
	.system = "M4",
	SYNCMAP_MAP,
};
