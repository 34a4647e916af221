/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_u64_rw.c - gomap_u64 under Go's RWMutex.
 *
 * The 64-bit fast path as multi-threaded programs use it, with two additions to
 * the lock's line per lookup. Values have at most 64 bytes, since for values
 * above 128 bytes Go's compiler (mapfast()) chooses the generic path, as in
 * gomap_rw.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64.h"
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_u64_rw = {
	.id = "gomap_u64_rw",
	.label = "C port of Go's map u64 + RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24: mapaccess1_fast64; "
	          "sync.RWMutex",
	.system = "M14",
	GOMAP_LOCKED,
	RM_U64_OF(ops),
	.value_most = 64,
	.value_place = "inline, in the bucket's slots; freed by the writer",
};
