/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_seg.c - 64 segments of bins: CAS into empty bins, else a lock per bin.
 *
 * What article S2 takes from Java: many concurrent hash maps, all allocated up
 * front and never resized; it calls them lock-free, and lookups are. A lookup
 * writes nothing shared; a write locks one bin of one segment, or none. The
 * capacity comes from the number of keys, so it has no cells where a workload
 * says not to presize. impls/shard/seg_map.h tells the rest.
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
	.value_place = "in line, in the key's node; freed after an epoch",
};
