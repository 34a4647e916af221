/* SPDX-License-Identifier: Apache-2.0 */
/* typhon_579.c - readers and writers of a sequence lock use plain loads and
 * stores. x86 keeps their order, but ARM need not, so a torn copy can pass the
 * check. */
#ifndef BUG_ID
#define BUG_ID typhon_579
#endif
#ifndef BUG_TWIN
#define WORD_STORE memory_order_relaxed
#define WORD_LOAD  memory_order_relaxed
#define END_STORE  memory_order_relaxed
#define BEGIN_LOAD memory_order_relaxed
#endif
#include "verify/corpora/bugs/entries.h"

#define BUG_LOOKUP entries_lookup
#define BUG_INSERT entries_insert
#define BUG_WIDE
#include "verify/corpora/bugs/bug_impl.h"
