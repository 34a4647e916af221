/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_str_rw.c - gomap_str under Go's RWMutex.
 *
 * The fast path for string keys, under a lock, as multi-threaded programs use
 * it. Each lookup adds to the lock's line twice. Values have at most 64 bytes,
 * since for values above 128 bytes Go's compiler (mapfast()) chooses the
 * generic path, as in gomap_rw.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str.h"
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVE(ops, str16x8, RM_STR16X8)
RM_DRIVE(ops, str16x24, RM_STR16X24)

const struct rm_impl rm_impl_gomap_str_rw = {
	.id = "gomap_str_rw",
	.label = "C port of Go's map str + RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24: mapaccess1_faststr; "
	          "sync.RWMutex",
	.system = "M14",
	.shapes = RM_ALL_SHAPES & ~RM_U64_SHAPES,
	GOMAP_LOCKED,
	.ops = &ops,
	.drive = { NULL, NULL, drive_str16x8, drive_str16x24 },
	.value_most = 64,
	.value_place = "inline, in the bucket's slots; freed by the writer",
};
