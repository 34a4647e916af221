/* SPDX-License-Identifier: Apache-2.0 */
/* publishes_zeroed_twin.c - publishes_zeroed.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID publishes_zeroed_twin
#include "verify/corpora/explored/publishes_zeroed.c"
