/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_compact.c - readmap in half the memory.
 *
 * It grows above 2.5 keys in a line instead of 1.375. More keys are then in the
 * chains of full lines, and more look-ups read two lines.
 */
enum { READMAP_LOAD_EIGHTHS = 20 };
#define EPOCH_GUARDED true
#include "impls/readmap/readmap_ops.h"

static const struct rm_map_ops ops = { READMAP_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_readmap_compact = {
	.id = "readmap_compact",
	.label = "readmap, compact",
	.sync = "epoch guard, bucket locks",
	.duty = RM_DUTY_GUARD,
	READMAP_MAP,
	READMAP_SHAPES,
};
