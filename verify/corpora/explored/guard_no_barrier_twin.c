/* SPDX-License-Identifier: Apache-2.0 */
/* guard_no_barrier_twin.c - guard_no_barrier.c without its bug. */
#define PLANTED_TWIN
#include "verify/corpora/explored/guard_no_barrier.c"
