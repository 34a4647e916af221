/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_seqcst.c - sync.Map with sequentially consistent atomic accesses.
 *
 * In syncmap only accesses to entries and header are sequentially consistent.
 * Here all other accesses are, too: counters, reclamation, and the two Go maps,
 * whose words are plain in Go. The litmus loops compare both maps. This map is
 * slow: on x86 each word that a write puts into a Go map is an exchange. A
 * lookup of a promoted key writes nothing shared.
 */
#include "runner/driver.h" /* included before the constants are redefined, so
                              the loop keeps its orders */

/* Redefines the constants of <stdatomic.h>, included above, for the code
   below. */
#define memory_order_relaxed memory_order_seq_cst
#define memory_order_acquire memory_order_seq_cst
#define memory_order_release memory_order_seq_cst
#define memory_order_acq_rel memory_order_seq_cst
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_seqcst = {
	.id = "syncmap_seqcst",
	.label = "C port of sync.Map, seq_cst, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; orders as Go's atomics",
	.system = "M4",
	SYNCMAP_MAP,
};
