/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_qsbr.c - readmap for threads that announce quiescence.
 *
 * A look-up writes no memory that other threads read (readmap_layout.h). Once
 * per batch its thread announces that it holds no reference (epoch.h), as in
 * shard_seg_grow.
 */
enum { READMAP_LOAD_EIGHTHS = 11 };
#include "impls/readmap/readmap_ops.h"

static const struct rm_map_ops ops = {
	READMAP_OPS,
	.park = park,
	.unpark = unpark,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_readmap_qsbr = {
	.id = "readmap_qsbr",
	.label = "readmap, QSBR",
	.sync = "epoch, bucket locks",
	.duty = RM_DUTY_ANNOUNCE,
	READMAP_MAP,
	READMAP_SHAPES,
};
