/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_safe.c - Go's sync.Map; a lookup of an unhashable key returns
 * "absent" instead of ending the process.
 *
 * The article puts a deferred recover() around each Load. Here it is a barrier
 * set by sigsetjmp() (impls/syncmap/syncmap_safe.h). Unlike in syncmap, a
 * lookup writes some registers into memory of its own thread. A fault under the
 * lock releases the lock.
 */
#include "impls/syncmap/syncmap_safe.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_SAFE_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_syncmap_safe = {
	.id = "syncmap_safe",
	.label = "C port of sync.Map, fault barrier, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; recover() around Load",
	.system = "M11",
	SYNCMAP_MAP,
};
