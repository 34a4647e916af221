/* SPDX-License-Identifier: Apache-2.0 */
/* false_promise.c - claims to be lock-free, but uses a lock. */
#ifndef PLANTED_ID
#define PLANTED_ID false_promise
#endif
#include "verify/corpora/planted/planted.h"

#ifndef PLANTED_TWIN
#define PLANTED_PROGRESS "lock-free"
#endif
#include "verify/corpora/planted/planted_impl.h"
