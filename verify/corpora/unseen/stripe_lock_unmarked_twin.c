/* SPDX-License-Identifier: Apache-2.0 */
/* stripe_lock_unmarked_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    stripe_lock_unmarked_twin
#include "verify/corpora/unseen/stripe_lock_unmarked.c"
