/* SPDX-License-Identifier: Apache-2.0 */
/* compare_remove_takes_other_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    compare_remove_takes_other_twin
#include "verify/corpora/broken/compare_remove_takes_other.c"
