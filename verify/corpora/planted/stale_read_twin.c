/* SPDX-License-Identifier: Apache-2.0 */
/* stale_read_twin.c - stale_read.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID stale_read_twin
#include "verify/corpora/planted/stale_read.c"
