/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_u64_rw_spin.c - gomap_u64_rw with a spinning lock.
 *
 * The same map and the same RWMutex, but a wait does not call the kernel. A
 * lookup does two atomic additions to the lock's line. With more threads than
 * CPUs, a waiting thread yields its CPU after some microseconds. Values have at
 * most 64 bytes, as in gomap_u64_rw.
 */
#define GO_WAITS   "impls/support/go_waits_spin.h"
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64.h"
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_u64_rw_spin = {
	.id = "gomap_u64_rw_spin",
	.label = "C port of Go's map u64 + RWMutex, spins",
	.sync = "go-rwmutex-spin",
	.source = "Go runtime, map before 1.24: mapaccess1_fast64; "
	          "sync.RWMutex",
	GOMAP_LOCKED,
	RM_U64_OF(ops),
	.value_most = 64,
	.value_place = "inline, in the bucket's slots; freed by the writer",
};
