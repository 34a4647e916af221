/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_still_buffered.c - readers without a lock over nodes that never change,
 * over buckets with spin locks made by hand.
 *
 * The bug: all is acquire and release, so readers see whole nodes, but nothing
 * orders a write before the thread's next lookup: the store, and the one that
 * gives the lock back, may still be in the store buffer. Two threads that each
 * write their key and then look for the other's can both miss. The twin's
 * stores and loads are sequentially consistent. A lookup writes nothing shared.
 */
#ifndef ID
#define ID write_still_buffered
#endif
/* pair with each other; not enough between two locations */
#define ORDER_LOAD    (RIGHT ? memory_order_seq_cst : memory_order_acquire)
#define ORDER_INSERT  (RIGHT ? memory_order_seq_cst : memory_order_release)
#define ORDER_REPLACE ORDER_INSERT
#define ORDER_UNLINK  ORDER_INSERT
#define ORDER_UNLOCK  ORDER_INSERT
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
