/* SPDX-License-Identifier: Apache-2.0 */
/* scan_skips_twin.c - scan_skips.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID scan_skips_twin
#include "verify/corpora/planted/scan_skips.c"
