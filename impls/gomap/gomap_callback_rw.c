/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_callback_rw.c - gomap_callback under Go's RWMutex.
 *
 * Compared with gomap_rw, it shows what calls through the key's type cost in
 * addition to a lock. Each lookup adds to the lock's line twice.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_callback.h"
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_callback_rw = {
	.id = "gomap_callback_rw",
	.label = "C port of Go's map any + RWMutex, waits in the kernel",
	.family = "lock",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24: mapaccess1; sync.RWMutex",
	.system = "M3",
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "callback",
	RM_ALL_OF(ops),
};
