/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_unguarded_delete.c - one Go map under an RWMutex, removals unlocked.
 *
 * Misuse: removals take no lock and run concurrently with writers that do
 * (gomap_unguarded_take.h). gomap_rw is the correct version.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#include "impls/gomap/gomap_unguarded_take.h"

static RM_COLD void be_met(struct gomap *inner)
{
	(void)inner;
	technique_sleep();
}

const struct rm_impl rm_impl_gomap_rw_unguarded_delete = {
	.id = "gomap_rw_unguarded_delete",
	.label = "C port of map + RWMutex, not for delete, waits in the kernel",
	.family = "lock",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex",
	.system = "M16",
	.guarantees = "none",
	.progress = "blocking",
	RM_U64_OF(ops),
	.misuse = "check: concurrent map writes",
};
