/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_seg.c - 64 segments of bins: inserts by CAS into empty bins and
 * otherwise locks the bin.
 *
 * This is the design that article S2 takes from Java: many concurrent hash
 * maps, all allocated up front and never resized. The article calls the maps
 * lock-free; only lookups are. A lookup writes no shared memory; a write locks
 * at most one bin of one segment. The capacity is computed from the number of
 * keys, so it has no cells in workloads that do not presize. See
 * impls/shard/seg_map.h.
 */
enum { SEG_GROWS = 0, SEG_FEW_BINS = 0, SEG_ENCODES = 0 };
#include "impls/shard/seg_ops.h"

static const struct rm_map_ops ops = { SEG_OPS(seg_create) };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_seg = {
	.id = "shard_seg",
	.label = "64 segments, CAS bins",
	.caps = RM_CAP_FIXED_SIZE,
	SEG_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after an epoch",
};
