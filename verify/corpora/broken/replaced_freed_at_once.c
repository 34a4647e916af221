/* SPDX-License-Identifier: Apache-2.0 */
/* replaced_freed_at_once.c - lock-free readers of nodes that never change.
 *
 * Bug: remove and upsert retire the old node, but compare_swap() frees it while
 * a reader may use it. Corrected version: compare_swap() retires the node, too.
 * Lookups do not write to shared memory. */
#ifndef ID
#define ID replaced_freed_at_once
#endif
#include "verify/corpora/broken/broken.h"
#if !RIGHT
#define DISPOSE_SWAPPED(thread, node) free(node)
#endif
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
