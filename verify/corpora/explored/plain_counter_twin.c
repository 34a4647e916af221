/* SPDX-License-Identifier: Apache-2.0 */
/* plain_counter_twin.c - plain_counter.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID plain_counter_twin
#include "verify/corpora/explored/plain_counter.c"
