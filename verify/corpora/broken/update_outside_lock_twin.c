/* SPDX-License-Identifier: Apache-2.0 */
/* update_outside_lock_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    update_outside_lock_twin
#include "verify/corpora/broken/update_outside_lock.c"
