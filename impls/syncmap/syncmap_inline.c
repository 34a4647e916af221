/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_inline.c - Go's classic sync.Map with values in the entries.
 *
 * Like syncmap, but an entry's cell is the value instead of the address of a
 * box. A store of a known key neither allocates nor retires, and a lookup loads
 * one line less. The difference is the cost of boxing. Values have 8 bytes. Two
 * of the 2^64 values end the process (see impls/syncmap/syncmap_inline.h).
 */
#define SYNCMAP_CELL "impls/syncmap/syncmap_inline.h"
#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_OPS };

RM_DRIVE(ops, u64x8, RM_U64X8)
RM_DRIVE(ops, str16x8, RM_STR16X8)

const struct rm_impl rm_impl_syncmap_inline = {
	.id = "syncmap_inline",
	.label = "C port of sync.Map, inline values, waits in the kernel",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; without boxes",
	.system = "M4",
	.shapes = 1 << 0 | 1 << 2, /* u64x8 and str16x8 */
	.guarantees = "once-if-present",
	.progress = "blocking",
	.ops = &ops,
	.drive = { drive_u64x8, NULL, drive_str16x8, NULL },
};
