/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_callback.c - Go's map, keys of any type, unsynchronised.
 *
 * Go compiles maps without a fast path to code that calls hash and equality
 * through pointers in the key's type. Those calls are what this map studies, so
 * it declares `callback`. Hash and keys are the same as in `gomap`. A lookup
 * writes nothing.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_callback.h"
#include "impls/gomap/gomap_bare.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_callback = {
	.id = "gomap_callback",
	.label = "C port of Go's map any, unguarded",
	.family = "bound",
	.sync = "none",
	.source = "Go runtime, map before 1.24: mapaccess1",
	.system = "M1",
	.caps = RM_CAP_UNSAFE,
	.guarantees = "once-if-present",
	.progress = "wait-free",
	.dispatch = "callback",
	RM_ALL_OF(ops),
};
