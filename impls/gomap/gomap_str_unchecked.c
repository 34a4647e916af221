/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_str_unchecked.c - the string fast path without redundant checks.
 *
 * Like gomap_str, but without the checks for an empty map and for a concurrent
 * write, which gomap_u64_unchecked omits, too. An article reports that the
 * change to the 64-bit path does not help strings; this is the same change for
 * strings. A lookup writes nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str_unchecked.h"
#include "impls/gomap/gomap_bare.h"

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
