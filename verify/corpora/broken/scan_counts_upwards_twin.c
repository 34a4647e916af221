/* SPDX-License-Identifier: Apache-2.0 */
/* scan_counts_upwards_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    scan_counts_upwards_twin
#include "verify/corpora/broken/scan_counts_upwards.c"
