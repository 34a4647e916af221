/* SPDX-License-Identifier: Apache-2.0 */
/* unsync_bucket_bulk.c - unsync_bucket with look-ups of 64 keys at once, which
   first fetch the lines of all keys. It is the bound of the maps whose ids end
   in _bulk. */
#include "impls/bound/bucket_ops.h"

static const struct rm_map_ops ops = {
	BUCKET_OPS,
	.lookup_many = lookup_many,
};

RM_DRIVE_BULK(ops)

const struct rm_impl rm_impl_unsync_bucket_bulk = {
	.id = "unsync_bucket_bulk",
	.label = "4 keys a line, no lock, batches of 64",
	BUCKET_MAP,
	.drive = { drive_bulk, NULL, NULL, NULL },
};
