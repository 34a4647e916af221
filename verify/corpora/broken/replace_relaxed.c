/* SPDX-License-Identifier: Apache-2.0 */
/* replace_relaxed.c - lock-free readers of nodes that never change.
 *
 * Bug: new keys are published correctly, but a node that replaces another one
 * is linked by a relaxed store. A reader can see it before its key and value.
 * Corrected version: both are published. Lookups do not write to shared
 * memory. */
#ifndef ID
#define ID replace_relaxed
#endif
/* pairs, in the corrected version, with the loads of lookup() */
#define ORDER_REPLACE (RIGHT ? memory_order_seq_cst : memory_order_relaxed)
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
