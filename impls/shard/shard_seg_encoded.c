/* SPDX-License-Identifier: Apache-2.0 */
/* shard_seg_encoded.c - shard_seg with serialised values. Each write encodes
   the value, and each lookup decodes it (impls/shard/seg_value.h). Compare it
   with shard_seg for 24-byte values (claim S2-37), because then both replace
   the whole entry. shard_seg changes 8-byte values in place. A lookup writes no
   shared memory. */
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
