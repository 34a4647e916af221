/* SPDX-License-Identifier: Apache-2.0 */
/* publishes_late_twin.c - publishes_late.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID publishes_late_twin
#include "verify/corpora/explored/publishes_late.c"
