/* SPDX-License-Identifier: Apache-2.0 */
/* needs: libdpdk */
/* dpdk_hash_bulk.c - DPDK's rte_hash for callers that have 64 keys at once.
   Compare it with the other maps whose ids end in _bulk. */
#include "impls/lib/dpdk_hash.h"

static const struct rm_map_ops ops = {
	DPDK_OPS,
	.lookup_many = lookup_many,
};

RM_DRIVE_BULK(ops)

const struct rm_impl rm_impl_dpdk_hash_bulk = {
	.id = "dpdk_hash_bulk",
	.label = "DPDK rte_hash, batches of 64",
	DPDK_MAP,
	.drive = { drive_bulk, NULL, NULL, NULL },
};
