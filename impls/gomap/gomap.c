/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap.c - Go's map (before 1.24), unsynchronised: the upper bound.
 *
 * Shows what Go maps under locks could reach if locks were free. It runs only
 * with one thread or without writes. A lookup writes nothing.
 */
#include "impls/gomap/gomap_bare.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap = {
	.id = "gomap",
	.label = "C port of Go's map, unguarded",
	.source = "Go runtime, map before 1.24 (buckets of eight slots)",
	.system = "M1",
	GOMAP_BARE,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
