/* SPDX-License-Identifier: Apache-2.0 */
/* livelock_twin.c - livelock.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID livelock_twin
#include "verify/corpora/explored/livelock.c"
