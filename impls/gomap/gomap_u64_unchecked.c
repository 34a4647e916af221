/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_u64_unchecked.c - the 64-bit fast path without redundant checks.
 *
 * Like gomap_u64, but without the checks for an empty map and for a writer,
 * which a lookup does not need if there are no concurrent writes. It keeps the
 * check of the old buckets, which a growing map needs. A lookup writes nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64_unchecked.h"
#include "impls/gomap/gomap_bare.h"

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_u64_unchecked = {
	.id = "gomap_u64_unchecked",
	.label = "C port of Go's map u64, no checks",
	.source = "Go runtime, map before 1.24: mapaccess1_fast64, shortened",
	.system = "M14",
	GOMAP_BARE,
	RM_U64_OF(ops),
};
