/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_str.c - Go's map, string keys, unsynchronised: the fast path.
 *
 * This is what Go compiles a map with string keys to. In a map of one bucket
 * (up to eight keys) it compares lengths and short keys, without hashing. In
 * larger maps it compares length and tophash, then the bytes. A lookup writes
 * nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str.h"
#include "impls/gomap/gomap_bare.h"

RM_DRIVE(ops, str16x8, RM_STR16X8)
RM_DRIVE(ops, str16x24, RM_STR16X24)

const struct rm_impl rm_impl_gomap_str = {
	.id = "gomap_str",
	.label = "C port of Go's map str, unguarded",
	.source = "Go runtime, map before 1.24: mapaccess1_faststr",
	.system = "M14",
	.shapes = RM_ALL_SHAPES & ~RM_U64_SHAPES,
	GOMAP_BARE,
	.ops = &ops,
	.drive = { NULL, NULL, drive_str16x8, drive_str16x24 },
};
