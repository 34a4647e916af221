/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap.c - Go's classic sync.Map (before 1.24), with reclamation.
 *
 * It has a read map without locks, a dirty map under a mutex, and promotes
 * dirty after enough misses (impls/syncmap/syncmap.h). A lookup of a promoted
 * key writes nothing shared; a lookup that misses takes the mutex. Epochs do
 * the work of Go's collector, and statistics count it.
 */
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap = {
	.id = "syncmap",
	.label = "C port of Go 1.19's sync.Map, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M4",
	SYNCMAP_MAP,
	.value_most = 1024,
	.value_place = "by pointer; freed after an epoch",
};
