/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_seqcst.c - sync.Map with every atomic access in one order.
 *
 * As syncmap, whose entries and header are sequentially consistent. Where the
 * port asks for acquire, release or nothing, this one asks for sequential
 * consistency, as Go's atomics do: counters, reclamation, and the two Go maps,
 * whose words are plain in Go. For the litmus loops, which tell whether the
 * weaker orders let anything be seen; not for speed: each word that a write
 * puts into a Go map is an exchange here (x86).
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
	.label = "port of sync.Map, seq_cst, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; orders as Go's atomics",
	.system = "M4",
	SYNCMAP_MAP,
};
