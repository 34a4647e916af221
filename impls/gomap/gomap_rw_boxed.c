/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_boxed.c - a Go map of pointers to values, under an RWMutex.
 *
 * In article S2 the values of a million keys are pointers. Unlike in gomap_rw,
 * a lookup follows one more pointer, and a store allocates one box and frees
 * another.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_boxed.h"

RM_DRIVES(boxed_ops)

const struct rm_impl rm_impl_gomap_rw_boxed = {
	.id = "gomap_rw_boxed",
	.label = "C port of map of boxes + RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24; Go sync.RWMutex; pointers as "
	          "values",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(boxed_ops),
};
