/* SPDX-License-Identifier: Apache-2.0 */
/* bias_announced_late_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    bias_announced_late_twin
#include "verify/corpora/unseen/bias_announced_late.c"
