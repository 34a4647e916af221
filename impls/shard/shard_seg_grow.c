/* SPDX-License-Identifier: Apache-2.0 */
/* shard_seg_grow.c - shard_seg with segments that double their number of bins
   in one step when they are three quarters full. Compare it with shard_seg,
   which allocates up front (claim S2-39). If presized, it is like shard_seg
   with one more load. While a segment grows, its writers wait for the copy. A
   lookup loads its segment's table and writes no shared memory. */
enum { SEG_GROWS = 1, SEG_FEW_BINS = 16, SEG_ENCODES = 0 };
#include "impls/shard/seg_ops.h"

static const struct rm_map_ops ops = { SEG_OPS(seg_create) };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_seg_grow = {
	.id = "shard_seg_grow",
	.label = "64 segments, growing",
	SEG_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after an epoch",
};
