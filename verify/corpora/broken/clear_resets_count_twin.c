/* SPDX-License-Identifier: Apache-2.0 */
/* clear_resets_count_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    clear_resets_count_twin
#include "verify/corpora/broken/clear_resets_count.c"
