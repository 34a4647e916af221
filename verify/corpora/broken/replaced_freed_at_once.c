/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replaced_freed_at_once.c - readers without a lock over nodes that never
 * change.
 *
 * The bug: remove and upsert retire what they took out, compare_swap() frees
 * it, while a reader may be at it. The twin retires it, too. A lookup writes
 * nothing shared.
 */
#ifndef ID
#define ID replaced_freed_at_once
#endif
#include "verify/corpora/broken/broken.h"
#if !RIGHT
#define DISPOSE_SWAPPED(thread, node) free(node)
#endif
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
