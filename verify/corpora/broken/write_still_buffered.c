/* SPDX-License-Identifier: Apache-2.0 */
/* write_still_buffered.c - lock-free readers of nodes that never change;
 * buckets have hand-written spin locks.
 *
 * Bug: all accesses are acquire and release, so readers see complete nodes. But
 * a write is not ordered before the thread's next lookup: its store, and the
 * unlock, may still be in the store buffer. Two threads that each write their
 * key and then look up the other's can both miss. Corrected version: stores and
 * loads are sequentially consistent. Lookups do not write to shared memory. */
#ifndef ID
#define ID write_still_buffered
#endif
/* these pair with each other, but do not order accesses of two locations */
#define ORDER_LOAD    (RIGHT ? memory_order_seq_cst : memory_order_acquire)
#define ORDER_INSERT  (RIGHT ? memory_order_seq_cst : memory_order_release)
#define ORDER_REPLACE ORDER_INSERT
#define ORDER_UNLINK  ORDER_INSERT
#define ORDER_UNLOCK  ORDER_INSERT
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
