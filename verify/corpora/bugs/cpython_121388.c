/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_121388.c - the end of a write releases and the begin of a read
 * acquires. But the reads of the data are not ordered before the second read of
 * the sequence, and the writes are not ordered after its first change. The bug
 * is visible only on ARM. */
#ifndef BUG_ID
#define BUG_ID cpython_121388
#endif
#ifndef BUG_TWIN
#define WORD_STORE memory_order_relaxed
#define WORD_LOAD  memory_order_relaxed
#endif
#include "verify/corpora/bugs/entries.h"

#define BUG_LOOKUP entries_lookup
#define BUG_INSERT entries_insert
#define BUG_WIDE
#include "verify/corpora/bugs/bug_impl.h"
