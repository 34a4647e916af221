/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw.c - Go's map under Go's RWMutex: what most Go programs do.
 *
 * Readers run side by side, yet each lookup adds to the lock's line twice:
 * that line limits it, not the map.
 */
#include "impls/support/go_rwmutex.h"
#include "runner/map.h"

struct guard {
	struct go_rwmutex lock;
};

enum { SHARDS = 1, SHARD_ALIGN = RM_CACHE_LINE };

static inline void guard_create(struct guard *guard)
{
	*guard = (struct guard){ 0 };
}

static inline void guard_destroy(struct guard *guard)
{
	(void)guard;
}

RM_HOT void guard_read(struct guard *guard)
{
	go_rwmutex_read_lock(&guard->lock);
}

RM_HOT void guard_read_end(struct guard *guard)
{
	go_rwmutex_read_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	go_rwmutex_lock(&guard->lock);
}

RM_HOT void guard_write_end(struct guard *guard)
{
	go_rwmutex_unlock(&guard->lock);
}

#include "impls/support/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_rw = {
	.id = "gomap_rw",
	.label = "Go map + RWMutex",
	.family = "lock",
	.sync = "go-rwmutex",
	.source = "Go runtime, map before 1.24; Go sync.RWMutex",
	.system = "M3",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
