/* SPDX-License-Identifier: Apache-2.0 */
/*
 * missing_fence.c - a write ends with a release store, which may still be in
 * the store buffer when the thread's next lookup has read: two threads can
 * both miss what the other has written (store buffering). seq_cst would wait.
 */
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
