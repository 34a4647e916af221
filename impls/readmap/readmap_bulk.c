/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_bulk.c - readmap for callers that have 64 keys at once.
 *
 * The loop looks up a batch of 64 operations by one call of lookup_many(),
 * which fetches the lines of all keys before it reads the first. Compare it
 * with the other maps whose ids end in _bulk.
 */
enum { READMAP_LOAD_EIGHTHS = 11 };
#define EPOCH_GUARDED true
#include "impls/readmap/readmap_ops.h"

static const struct rm_map_ops ops = { READMAP_OPS };

RM_DRIVE_BULK(ops)

const struct rm_impl rm_impl_readmap_bulk = {
	.id = "readmap_bulk",
	.label = "readmap, batches of 64",
	.sync = "epoch guard, bucket locks",
	.duty = RM_DUTY_GUARD,
	READMAP_MAP,
	.shapes = 1 << 0,
	.ops = &ops,
	.drive = { drive_bulk, NULL, NULL, NULL },
};
