/* SPDX-License-Identifier: Apache-2.0 */
/* needs: libdpdk */
/* dpdk_hash.c - DPDK's rte_hash with single look-ups. */
#include "impls/lib/dpdk_hash.h"

static const struct rm_map_ops ops = { DPDK_OPS };

RM_DRIVE(ops, u64x8, RM_U64X8)

const struct rm_impl rm_impl_dpdk_hash = {
	.id = "dpdk_hash",
	.label = "DPDK rte_hash",
	DPDK_MAP,
	.drive = { drive_u64x8, NULL, NULL, NULL },
};
