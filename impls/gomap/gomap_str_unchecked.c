/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_str_unchecked.c - the fast path of string keys without its redundant
 * checks.
 *
 * gomap_str less what gomap_u64_unchecked leaves out of gomap_u64: is there
 * anything, is somebody writing. An article says that the rework of the 64-bit
 * path brings nothing to strings: this is the same rework of theirs. A lookup
 * writes nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str_unchecked.h"
#include "impls/gomap/gomap_bare.h" /* the operations */

RM_DRIVE(ops, str16x8, RM_STR16X8)
RM_DRIVE(ops, str16x24, RM_STR16X24)

const struct rm_impl rm_impl_gomap_str_unchecked = {
	.id = "gomap_str_unchecked",
	.label = "C port of Go's map str, no checks",
	.source = "Go runtime, map before 1.24: mapaccess1_faststr, shortened",
	.system = "M14",
	.shapes = RM_ALL_SHAPES & ~RM_U64_SHAPES,
	GOMAP_BARE,
	.ops = &ops,
	.drive = { NULL, NULL, drive_str16x8, drive_str16x24 },
};
