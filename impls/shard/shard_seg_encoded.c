/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_seg_encoded.c - shard_seg that keeps its values serialised, as bytes.
 *
 * Each write encodes, each lookup decodes (impls/shard/seg_value.h). Compare it
 * where values have 24 bytes (claim S2-37): there both replace an entry with its
 * value, while shard_seg changes one of 8 bytes in place. A lookup writes
 * nothing shared.
 */
enum { SEG_GROWS = 0, SEG_FEW_BINS = 0, SEG_ENCODES = 1 };
#include "impls/shard/seg_ops.h"

static const struct rm_map_ops ops = { SEG_OPS(seg_create) };

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_seg_encoded = {
	.id = "shard_seg_encoded",
	.label = "64 segments, encoded",
	.caps = RM_CAP_FIXED_SIZE,
	SEG_MAP,
	RM_ALL_OF(ops),
};
