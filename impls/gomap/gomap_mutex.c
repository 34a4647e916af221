/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_mutex.c - Go's map under Go's Mutex, with normal and starvation mode.
 *
 * Each call holds the mutex. Even a lookup writes the lock's line twice and
 * excludes all other calls. The lock is handed to a thread that has waited for
 * 1 ms.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_mutex.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_mutex = {
	.id = "gomap_mutex",
	.label = "C port of Go 1.19's map + Mutex, waits in the kernel",
	.sync = "go-mutex",
	.source = "Go runtime, map before 1.24; Go sync.Mutex",
	.system = "M2",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
