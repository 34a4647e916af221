/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_safe.c - Go's sync.Map; a lookup whose key cannot be hashed answers
 * "absent" instead of ending the process.
 *
 * The article's deferred recover() around each Load, as a barrier by
 * sigsetjmp(): impls/syncmap/syncmap_safe.h. What a lookup writes that
 * syncmap's does not: some registers, into memory of its own thread. A fault
 * under the lock gives the lock back.
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
