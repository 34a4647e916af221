/* SPDX-License-Identifier: Apache-2.0 */
/* trylock_both_ways_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    trylock_both_ways_twin
#include "verify/corpora/broken/trylock_both_ways.c"
