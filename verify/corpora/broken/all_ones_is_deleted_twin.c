/* SPDX-License-Identifier: Apache-2.0 */
/* all_ones_is_deleted_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    all_ones_is_deleted_twin
#include "verify/corpora/broken/all_ones_is_deleted.c"
