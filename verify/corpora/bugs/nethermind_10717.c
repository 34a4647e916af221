/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nethermind_10717.c - the sequence of an entry has seven bits. When 128 writes,
 * or a multiple of them, come between the two looks of a lookup at the header,
 * it believes a mixture of two values.
 */
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
