/* SPDX-License-Identifier: Apache-2.0 */
/* guard_no_barrier.c - readmap without the barrier of its grace periods. A
 * reader's guard may still be in its store buffer when a writer reads it, and
 * the writer frees the table that the reader uses. */
#ifndef PLANTED_TWIN
#include "impls/support/membarrier.h"
#undef membarrier_run
#define membarrier_run() ((void)0)
#define GUARD_ID         "guard_no_barrier"
#define GUARD_IMPL       rm_impl_guard_no_barrier
#else
#define GUARD_ID   "guard_no_barrier_twin"
#define GUARD_IMPL rm_impl_guard_no_barrier_twin
#endif
enum { READMAP_LOAD_EIGHTHS = 11 };
#define EPOCH_GUARDED true
#include "impls/readmap/readmap_ops.h"

static const struct rm_map_ops ops = { READMAP_OPS };

RM_DRIVES(ops)

const struct rm_impl GUARD_IMPL = {
	.id = GUARD_ID,
	.label = "readmap without barrier",
	.sync = "epoch guard, bucket locks",
	.duty = RM_DUTY_GUARD,
	READMAP_MAP,
	READMAP_SHAPES,
};
