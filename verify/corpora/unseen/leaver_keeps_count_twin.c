/* SPDX-License-Identifier: Apache-2.0 */
/* leaver_keeps_count_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    leaver_keeps_count_twin
#include "verify/corpora/unseen/leaver_keeps_count.c"
