/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap.c - a bucket is one cache line; a look-up enters a guard.
 *
 * A look-up reads one line, hit or miss, without a lock (readmap_layout.h). It
 * writes no shared memory, but writes its thread's own line twice. This is the
 * guard, which keeps a replaced table from being freed. Callers have no duties.
 * readmap_qsbr is the same map for callers that announce quiescence. It grows
 * above 1.375 keys in a line.
 */
enum { READMAP_LOAD_EIGHTHS = 11 };
#define EPOCH_GUARDED true
#include "impls/readmap/readmap_ops.h"

static const struct rm_map_ops ops = { READMAP_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_readmap = {
	.id = "readmap",
	.label = "readmap",
	.sync = "epoch guard, bucket locks",
	.duty = RM_DUTY_GUARD,
	READMAP_MAP,
	READMAP_SHAPES,
};
