/* SPDX-License-Identifier: Apache-2.0 */
/* nethermind_10717.c - the sequence of an entry has seven bits. If 128 writes,
 * or a multiple, happen between the two header reads of a lookup, the lookup
 * accepts a mixture of two values. */
#ifndef BUG_ID
#define BUG_ID nethermind_10717
#endif
#ifndef BUG_TWIN
#define SEQUENCE_BITS 7
#endif
#include "verify/corpora/bugs/entries.h"

#define BUG_LOOKUP entries_lookup
#define BUG_INSERT entries_insert
#define BUG_WIDE
#include "verify/corpora/bugs/bug_impl.h"
