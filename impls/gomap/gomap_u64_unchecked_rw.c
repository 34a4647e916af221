/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_u64_unchecked_rw.c - gomap_u64_unchecked under Go's RWMutex.
 *
 * Under the lock the omitted checks are indeed redundant: no thread writes
 * during a lookup. Each lookup adds to the lock's line twice.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64_unchecked.h"
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_u64_unchecked_rw = {
	.id = "gomap_u64_unchecked_rw",
	.label = "C port of map u64, no checks + RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24: mapaccess1_fast64, shortened; "
	          "sync.RWMutex",
	.system = "M14",
	GOMAP_LOCKED,
	RM_U64_OF(ops),
};
