/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_leak.c - Go's classic sync.Map without reclamation.
 *
 * Like syncmap, but replaced and removed objects are only recorded and freed
 * with the map. It shows the cost without reclamation, and its memory grows
 * with every write. A write still records 16 bytes per object.
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
