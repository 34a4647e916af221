/* SPDX-License-Identifier: Apache-2.0 */
/* slab.c - sessions whose state is a pooled slab of 256 words. A lookup by key
   writes twice to the cache line of one of 64 locks, and reads one slot. A
   thread that holds a session's address reads its slots without a lock and
   writes no shared memory. Once the pool is warm, a session needs no allocator
   call. */
#define SESSION_STATE "impls/slab/session_slab.h"
#include "impls/slab/sessions.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SESSIONS_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_slab = {
	.id = "slab",
	.label = "pooled slabs",
	.source = "per-session array of 256 words from a pool",
	RM_ALL_OF(ops),
	SESSIONS_MAP,
};
