/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_u64.c - Go's map, 64-bit keys, unsynchronised: the fast path.
 *
 * This is what Go compiles a map with 64-bit keys to: code that compares keys
 * directly, does not hash in a map of one bucket, and has all of Go's checks.
 * `gomap` finds the same keys by their tophash. A lookup writes nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64.h"
#include "impls/gomap/gomap_bare.h"

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_u64 = {
	.id = "gomap_u64",
	.label = "C port of Go's map u64, unguarded",
	.source = "Go runtime, map before 1.24: mapaccess1_fast64",
	.system = "M14",
	GOMAP_BARE,
	RM_U64_OF(ops),
};
