/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replace_relaxed.c - readers without a lock over nodes that never change.
 *
 * The bug: a new key's node is published as it should be, the node that
 * replaces another one is linked by a relaxed store. A reader can find it
 * before its key and value are there. The twin publishes both. A lookup writes
 * nothing shared.
 */
#ifndef ID
#define ID replace_relaxed
#endif
/* pairs, in the twin, with the loads of lookup() */
#define ORDER_REPLACE (RIGHT ? memory_order_seq_cst : memory_order_relaxed)
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
