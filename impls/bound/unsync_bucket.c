/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unsync_bucket.c - four keys per cache line, without synchronisation: a bound.
 *
 * Measures the cost of a lookup that reads one cache line, hit or miss, without
 * any lock. A lookup writes no shared memory. Safe with one thread, with
 * readers only, and with writes of resident keys, which change only the value's
 * word, by one relaxed atomic store. Supports only u64x8, since a longer value
 * would not fit into the line, and reads could be torn.
 *
 * This is not a strict bound: a table at half the load is sometimes faster.
 */
#include "impls/bound/bucket_ops.h"

static const struct rm_map_ops ops = { BUCKET_OPS };

RM_DRIVE(ops, u64x8, RM_U64X8)

const struct rm_impl rm_impl_unsync_bucket = {
	.id = "unsync_bucket",
	.label = "4 keys a line, no lock",
	BUCKET_MAP,
	.drive = { drive_u64x8, NULL, NULL, NULL },
};
