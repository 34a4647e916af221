/* SPDX-License-Identifier: Apache-2.0 */
/* missing_fence.c - a write ends with a release store, which may still be in
 * the store buffer during the thread's next lookup. Two threads can both miss
 * each other's write (store buffering). seq_cst would prevent it. */
#ifndef PLANTED_ID
#define PLANTED_ID missing_fence
#endif
#ifdef PLANTED_TWIN
#define UNLOCK memory_order_seq_cst
#else
#define UNLOCK memory_order_release
#endif
#define PUBLISH memory_order_release
#include "verify/corpora/planted/free_readers.h"

#include "verify/corpora/planted/planted_impl.h"
