/* SPDX-License-Identifier: Apache-2.0 */
/* slab_syncmap.c - pooled slabs, found through a sync.Map, as in article S0. It
   is like slab, but with the directory of the article and its cost. A lookup by
   key writes no shared memory once its key is promoted, and reads one slot. A
   session needs the same allocator calls as a new key of a sync.Map. Once the
   pool is warm, its record and slots need none. */
#include "impls/slab/sessions_syncmap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SESSIONS_OPS };

/* A value is one slot, so only shapes with 8-byte values are supported. */
RM_DRIVE(ops, u64x8, RM_U64X8)
RM_DRIVE(ops, str16x8, RM_STR16X8)

const struct rm_impl rm_impl_slab_syncmap = {
	.id = "slab_syncmap",
	.label = "pooled slabs, port of sync.Map, waits in the kernel",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "per-session array of 256 words from a pool, in Go's "
	          "sync.Map",
	.system = "M10",
	.shapes = 1 << 0 | 1 << 2,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.ops = &ops,
	.drive = { drive_u64x8, NULL, drive_str16x8, NULL },
	.loops = sessions_loops,
	.open = life_open_all,
	.close = life_close_all,
};
