/* SPDX-License-Identifier: Apache-2.0 */
/* growth_loses_twin.c - growth_loses.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID growth_loses_twin
#include "verify/corpora/planted/growth_loses.c"
