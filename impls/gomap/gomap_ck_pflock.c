/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_ck_pflock.c - Go's map under Concurrency Kit's phase-fair lock.
 *
 * needs: ck
 *
 * Readers and writers alternate: a reader waits for at most one write. As in
 * gomap_rw, each lookup adds to the lock's line twice. Waits do not sleep: they
 * spin for a bounded time, then yield.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_ck_pflock.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_ck_pflock = {
	.volatile_order = true,
	.id = "gomap_ck_pflock",
	.label = "C port of Go's map + phase-fair lock, spins",
	.sync = "ck-pflock",
	.source = "Go runtime, map before 1.24; Brandenburg and Anderson 2010 "
	          "(Concurrency Kit)",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
