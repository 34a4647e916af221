/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_sum_twin.c - epoch_sum.c without its bug. */
#define RIGHT 1
#define ID    epoch_sum_twin
#include "verify/corpora/explored/epoch_sum.c"
