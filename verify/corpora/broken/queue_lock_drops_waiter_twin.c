/* SPDX-License-Identifier: Apache-2.0 */
/* queue_lock_drops_waiter_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    queue_lock_drops_waiter_twin
#include "verify/corpora/broken/queue_lock_drops_waiter.c"
