/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw.c - Go's map under Go's RWMutex: what most Go programs use.
 *
 * Readers run in parallel, but each lookup adds to the lock's line twice. This
 * line limits the throughput, the map does not.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_rw = {
	.id = "gomap_rw",
	.label = "C port of Go 1.19's map + RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24; Go sync.RWMutex",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline up to 128 bytes, above by pointer; freed by "
	               "the writer",
};
