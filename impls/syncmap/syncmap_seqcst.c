/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_seqcst.c - sync.Map with every atomic access in one order.
 *
 * In syncmap entries and header are sequentially consistent. Here all other
 * accesses are, too: counters, reclamation, and the two Go maps, whose words are
 * plain in Go. The litmus loops compare the two. This one is slow: each word
 * that a write puts into a Go map is an exchange on x86.
 * A lookup of a key that has been promoted writes nothing shared.
 */
#include "runner/driver.h" /* with the orders of the loop */

/* Constants of <stdatomic.h>, which has been read: what follows has its own. */
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
