/* SPDX-License-Identifier: Apache-2.0 */
/* insert_into_first_tombstone_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    insert_into_first_tombstone_twin
#include "verify/corpora/broken/insert_into_first_tombstone.c"
