/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_ck_brlock.c - Go's map under Concurrency Kit's big-reader lock.
 *
 * needs: ck
 *
 * A lookup writes only a word that belongs to its thread; a write visits the
 * words of all threads. So, unlike in gomap_rw, reads scale, and a write
 * touches one line per thread. Waits spin for a bounded time, then yield.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_ck_brlock.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_ck_brlock = {
	.volatile_order = true,
	.id = "gomap_ck_brlock",
	.label = "C port of Go's map + big-reader lock, spins",
	.sync = "ck-brlock",
	.source = "Go runtime, map before 1.24; Concurrency Kit, ck_brlock",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
