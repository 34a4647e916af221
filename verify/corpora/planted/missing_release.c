/* SPDX-License-Identifier: Apache-2.0 */
/* missing_release.c - a value is published by a relaxed store, so a lookup on
 * another CPU may see the pointer before the data at its target. x86 orders
 * stores, and compilers do not move these, so no native run shows the bug. */
#ifndef PLANTED_ID
#define PLANTED_ID missing_release
#endif
#ifdef PLANTED_TWIN
#define PUBLISH memory_order_release
#else
#define PUBLISH memory_order_relaxed
#endif
#define UNLOCK memory_order_seq_cst
#include "verify/corpora/planted/free_readers.h"

#include "verify/corpora/planted/planted_impl.h"
