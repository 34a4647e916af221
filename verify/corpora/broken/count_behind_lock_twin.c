/* SPDX-License-Identifier: Apache-2.0 */
/* count_behind_lock_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    count_behind_lock_twin
#include "verify/corpora/broken/count_behind_lock.c"
