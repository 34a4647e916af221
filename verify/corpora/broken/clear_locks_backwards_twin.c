/* SPDX-License-Identifier: Apache-2.0 */
/* clear_locks_backwards_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    clear_locks_backwards_twin
#include "verify/corpora/broken/clear_locks_backwards.c"
