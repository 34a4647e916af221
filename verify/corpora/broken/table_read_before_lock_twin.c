/* SPDX-License-Identifier: Apache-2.0 */
/* table_read_before_lock_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    table_read_before_lock_twin
#include "verify/corpora/broken/table_read_before_lock.c"
