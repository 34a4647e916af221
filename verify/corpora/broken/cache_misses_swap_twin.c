/* SPDX-License-Identifier: Apache-2.0 */
/* cache_misses_swap_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    cache_misses_swap_twin
#include "verify/corpora/broken/cache_misses_swap.c"
