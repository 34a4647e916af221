/* SPDX-License-Identifier: Apache-2.0 */
/* shard_seg_bulk.c - shard_seg with look-ups of 64 keys at once, which begin by
   fetching the bins and first nodes of all keys (seg_map.h). */
enum { SEG_GROWS = 0, SEG_FEW_BINS = 0, SEG_ENCODES = 0 };
#include "impls/shard/seg_ops.h"

static const struct rm_map_ops ops = {
	SEG_OPS(seg_create),
	.lookup_many = seg_lookup_many,
};

RM_DRIVE_BULK(ops)

const struct rm_impl rm_impl_shard_seg_bulk = {
	.id = "shard_seg_bulk",
	.label = "64 segments, CAS bins, batches of 64",
	.caps = RM_CAP_FIXED_SIZE,
	SEG_MAP,
	.shapes = 1 << 0,
	.ops = &ops,
	.drive = { drive_bulk, NULL, NULL, NULL },
};
