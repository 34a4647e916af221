/* SPDX-License-Identifier: Apache-2.0 */
/* combiner_passes_by_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    combiner_passes_by_twin
#include "verify/corpora/unseen/combiner_passes_by.c"
