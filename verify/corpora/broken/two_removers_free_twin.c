/* SPDX-License-Identifier: Apache-2.0 */
/* two_removers_free_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    two_removers_free_twin
#include "verify/corpora/broken/two_removers_free.c"
